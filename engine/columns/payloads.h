// SPDX-License-Identifier: Apache-2.0
/// The payloads of a segment, open: frames are read and opened for the records that are asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/columns/section_window.h"
#include "engine/file/index_file.h"
#include "format/payload.h"

namespace nearline::engine {

/// Threads: any number, each with a reader of its own.
class Payloads {
 public:
  /// Reads the header. check: as Column::open. Errors: kCorrupt, kIo.
  static Result<std::shared_ptr<const Payloads>> open(const SegmentFile& file, const format::Section& section,
                                                      std::unique_ptr<BlockCheck> check = nullptr);

  /// Remembers the frame that it opened last: rows near to each other share it.
  class Reader {
   public:
    /// Borrows the payloads.
    explicit Reader(const Payloads& payloads) noexcept;
    /// The payload of a row, empty where it has none. Errors: kCorrupt, kIo.
    Result<std::string> read(std::uint32_t row);
    [[nodiscard]] std::uint64_t blocks_read() const noexcept { return table_.cost().blocks + window_.cost().blocks; }

   private:
    Result<format::Frame> frame_of(std::uint32_t row);

    const Payloads& payloads_;
    SectionWindow table_;
    SectionWindow window_;
    format::Frame frame_;
    std::vector<std::byte> opened_;
  };

 private:
  Payloads(const SegmentFile& file, const format::Section& section, std::unique_ptr<BlockCheck> check);

  const std::shared_ptr<const io::File> owned_;
  const format::Section section_;
  const std::uint64_t rows_;
  std::unique_ptr<BlockCheck> check_;
  std::uint32_t frames_ = 0;
};

}  // namespace nearline::engine
