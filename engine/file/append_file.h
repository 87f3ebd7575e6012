// SPDX-License-Identifier: Apache-2.0
/// A file without a name that grows by small pieces and is read once it is whole.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class AppendFile {
 public:
  explicit AppendFile(std::unique_ptr<io::File> file) : file_(std::move(file)) {}

  Result<void> append(std::span<const std::byte> bytes) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    return waiting_.size() < kWaiting ? Result<void>{} : flush();
  }

  /// To be called before the first read.
  Result<void> flush() {
    NEARLINE_CHECK(io::write_all(*file_, written_, waiting_));
    written_ += waiting_.size();
    waiting_.clear();
    return {};
  }

  [[nodiscard]] const io::File& file() const noexcept { return *file_; }
  Result<void> read(std::uint64_t at, std::span<std::byte> out) const { return io::read_exact(*file_, at, out); }

  /// What it allocates at most, pieces of `piece` bytes.
  static constexpr std::uint64_t memory_bytes(std::uint64_t piece) noexcept { return 2 * (kWaiting + piece); }

 private:
  static constexpr std::size_t kWaiting = 256U << 10;

  std::unique_ptr<io::File> file_;
  std::vector<std::byte> waiting_;
  std::uint64_t written_ = 0;
};

}  // namespace nearline::engine
