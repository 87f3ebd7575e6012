// SPDX-License-Identifier: Apache-2.0
/// Codes that records bring along, because the book that they were coded by serves again. They wait in a file without a
/// name, by row of what was taken in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "engine/codes/code_reader.h"
#include "engine/file/append_file.h"

namespace nearline::engine {

class KnownCodes {
 public:
  KnownCodes(std::unique_ptr<io::File> file, std::uint32_t code_bytes)
      : file_(std::move(file)), code_bytes_(code_bytes) {}

  /// Begins a run: the codes that are appended next are those of row `first` and of the rows behind it.
  void begin_run(std::uint64_t first) { runs_.push_back({.first = first, .end = first, .place = count_}); }

  /// Errors: kNoSpace, kIo.  Precondition: a run was begun.
  Result<void> append(std::span<const std::byte> code) {
    ++runs_.back().end;
    ++count_;
    return file_.append(code);
  }

  /// To be called before the first code is asked for. Errors: as append.
  Result<void> finish() {
    NEARLINE_CHECK(file_.flush());
    reader_.emplace(file_.file(), count_, code_bytes_);
    return {};
  }

  /// The code of a row, valid until the next call; empty where it is not known. Errors: kIo.
  Result<std::span<const std::byte>> of(std::uint64_t row) {
    for (const Run& run : runs_) {
      if (row >= run.first && row < run.end) return reader_->of(run.place + row - run.first);
    }
    return std::span<const std::byte>{};
  }

 private:
  /// Rows [first, end), whose codes begin at that place of the file.
  struct Run {
    std::uint64_t first, end, place;
  };

  AppendFile file_;
  std::uint32_t code_bytes_;
  std::uint64_t count_ = 0;
  std::vector<Run> runs_;  ///< few: one for each segment
  std::optional<CodeReader> reader_;
};

}  // namespace nearline::engine
