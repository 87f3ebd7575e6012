// SPDX-License-Identifier: Apache-2.0
#include "engine/file/generation_locks.h"

#include <algorithm>
#include <string>

namespace nearline::engine {
namespace {

constexpr std::uint64_t kWriterByte = std::uint64_t{1} << 62;
constexpr std::uint64_t kFirstReaderByte = kWriterByte + 4096;
constexpr std::uint64_t kReaderBytes = 4096;

std::uint64_t byte_of(std::uint64_t generation) noexcept {
  return kFirstReaderByte + generation % kReaderBytes;
}

/// Whether a generation from first to last is held. Precondition: fewer than kReaderBytes of them, at least one.
Result<bool> any_pinned(const io::File& file, std::uint64_t first, std::uint64_t last) {
  if (byte_of(first) <= byte_of(last)) return file.locked_by_other(byte_of(first), last - first + 1);
  NEARLINE_TRY(upper, file.locked_by_other(byte_of(first), kFirstReaderByte + kReaderBytes - byte_of(first)));
  if (upper) return true;
  return file.locked_by_other(kFirstReaderByte, byte_of(last) - kFirstReaderByte + 1);
}

}  // namespace

Result<void> lock_for_writing(io::File& file) {
  auto locked = file.lock(kWriterByte, true);
  if (!locked && locked.error().code == Code::kBusy) {
    locked.error().what = "another writer holds the index: expected one at a time";
    locked.error().at = Error::kNowhere;
  }
  return locked;
}

Result<void> pin_generation(io::File& file, std::uint64_t generation) {
  return file.lock(byte_of(generation), false);
}

Result<void> unpin_generation(io::File& file, std::uint64_t generation) {
  return file.unlock(byte_of(generation));
}

Result<std::uint64_t> oldest_pinned(const io::File& file, std::uint64_t newest, std::uint64_t coming) {
  if (coming >= kReaderBytes) {
    NEARLINE_TRY(ancient, any_pinned(file, newest + 1, coming));
    if (ancient) {
      return Error{.code = Code::kBusy,
                   .what = "a reader has held commit " + std::to_string(coming - kReaderBytes) +
                           " or one before it for thousands of commits: expected it to be let go first"};
    }
  }
  std::uint64_t first = coming + 1 > kReaderBytes ? coming + 1 - kReaderBytes : 1;
  std::uint64_t last = newest;
  NEARLINE_TRY(any, any_pinned(file, first, last));
  if (!any) return newest;
  while (first < last) {  // one from first to last is held: which is the first?
    const std::uint64_t middle = first + (last - first) / 2;
    NEARLINE_TRY(lower, any_pinned(file, first, middle));
    if (lower) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  return first;
}

}  // namespace nearline::engine
