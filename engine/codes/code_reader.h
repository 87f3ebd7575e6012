// SPDX-License-Identifier: Apache-2.0
/// Codes by ordinal, from the file in which they wait. Keeps some of what was read: whoever asks in the order of pages
/// asks for ordinals that are near.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class CodeReader {
 public:
  /// Borrows the file, which holds `count` codes.
  CodeReader(const io::File& file, std::uint64_t count, std::uint32_t code_bytes)
      : file_(file), count_(count), code_bytes_(code_bytes), per_line_(codes_per_line(code_bytes)), lines_(kLines) {}

  /// The code of a record, valid until the next call. Errors: kIo.  Precondition: ordinal < count.
  Result<std::span<const std::byte>> of(std::uint64_t ordinal) {
    const std::uint64_t number = ordinal / per_line_;
    Line& line = lines_[number % kLines];
    if (line.number != number) {
      const std::uint64_t codes = std::min(per_line_, count_ - number * per_line_);
      line.bytes.resize(codes * code_bytes_);
      line.number = kNone;
      NEARLINE_CHECK(io::read_exact(file_, number * per_line_ * code_bytes_, line.bytes));
      line.number = number;
    }
    return std::span<const std::byte>(line.bytes).subspan((ordinal % per_line_) * code_bytes_, code_bytes_);
  }

  static constexpr std::uint64_t memory_bytes(std::uint32_t code_bytes) noexcept {
    return kLines * codes_per_line(code_bytes) * code_bytes;
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  static constexpr std::uint64_t kLines = 256;
  static constexpr std::uint64_t kLineBytes = 16U << 10;
  static constexpr std::uint64_t codes_per_line(std::uint32_t code_bytes) noexcept {
    return std::max<std::uint64_t>(1, kLineBytes / code_bytes);
  }
  struct Line {
    std::uint64_t number = kNone;
    std::vector<std::byte> bytes;
  };

  const io::File& file_;
  std::uint64_t count_;
  std::uint32_t code_bytes_;
  std::uint64_t per_line_;
  std::vector<Line> lines_;
};

}  // namespace nearline::engine
