// SPDX-License-Identifier: Apache-2.0
#include "engine/make/spill.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kBufferBytes = 1u << 20;

}  // namespace

Spill::Spill(std::unique_ptr<io::File> file, std::size_t vector_bytes)
    : file_(std::move(file)), vector_bytes_(vector_bytes) {
  buffer_.reserve(kBufferBytes + row_bytes());
}

Result<void> Spill::append(Id id, std::span<const std::byte> vector) {
  assert(vector.size() == vector_bytes_);
  const auto id_bytes = std::as_bytes(std::span(&id, 1));
  buffer_.insert(buffer_.end(), id_bytes.begin(), id_bytes.end());
  buffer_.insert(buffer_.end(), vector.begin(), vector.end());
  ++count_;
  return buffer_.size() >= kBufferBytes ? flush() : Result<void>{};
}

Result<void> Spill::flush() {
  NEARLINE_CHECK(io::write_all(*file_, written_, buffer_));
  written_ += buffer_.size();
  buffer_.clear();
  return {};
}

void Spill::cut(std::uint64_t count) noexcept {
  assert(count <= count_);
  count_ = count;
  const std::uint64_t bytes = count * row_bytes();
  if (bytes >= written_) {
    buffer_.resize(bytes - written_);
  } else {
    written_ = bytes;
    buffer_.clear();
  }
}

void Spill::clear() noexcept {
  count_ = 0;
  written_ = 0;
  buffer_.clear();
}

std::uint64_t Spill::rows_per_read() const noexcept {
  return std::max<std::uint64_t>(1, kBufferBytes / row_bytes());
}

Result<std::span<const std::byte>> Spill::read(std::uint64_t first, std::uint64_t rows) {
  if (written_ < count_ * row_bytes()) NEARLINE_CHECK(flush());
  buffer_.resize(rows * row_bytes());
  const auto bytes = std::span(buffer_);
  auto got = io::read_exact(*file_, first * row_bytes(), bytes);
  if (!got) return std::move(got).error();
  return std::span<const std::byte>(bytes);
}

}  // namespace nearline::engine
