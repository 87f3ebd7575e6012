// SPDX-License-Identifier: Apache-2.0
#include "format/payload.h"

#include <cassert>
#include <cstring>
#include <string>

#include "format/corrupt.h"
#include "format/packed_block.h"

namespace nearline::format {
Result<std::uint32_t> decode_payload_header(std::span<const std::byte> bytes, std::uint64_t section_bytes,
                                            std::uint64_t rows, std::uint64_t at) {
  PayloadHeader header{};
  if (bytes.size() >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
  const std::uint64_t table = sizeof header + std::uint64_t{header.frames} * sizeof(FrameRow);
  if (bytes.size() < sizeof header || header.rows != rows || header.frames == 0 || table > section_bytes ||
      !all_zero(header.reserved)) {
    return corrupt(at, "payloads of " + std::to_string(header.rows) + " rows in " + std::to_string(header.frames) +
                           " frames: expected those of " + std::to_string(rows) + " rows, in " +
                           std::to_string(section_bytes) + " bytes");
  }
  return std::uint32_t{header.frames};
}

Result<Frame> decode_frame(const FrameRow& row, const FrameRow* next, std::uint64_t rows, std::uint64_t section_bytes,
                           std::uint64_t at) {
  const std::uint64_t end = next != nullptr ? std::uint64_t{next->first_row} : rows;
  const bool good = row.first_row < end && end <= rows && end - row.first_row <= kFrameRows &&
                    row.offset <= section_bytes && row.bytes <= section_bytes - row.offset &&
                    row.bytes <= most_closed_bytes(row.opened_bytes) && row.opened_bytes <= kMaxOpenedBytes &&
                    row.opened_bytes >= 4 * (end - row.first_row) && all_zero(row.reserved);
  if (!good) {
    return corrupt(at, "a frame of payloads of rows " + std::to_string(row.first_row) + " to " + std::to_string(end) +
                           ", " + std::to_string(row.bytes) + " bytes at " + std::to_string(row.offset) + ", " +
                           std::to_string(row.opened_bytes) + " opened");
  }
  return Frame{.offset = row.offset,
               .first_row = row.first_row,
               .rows = static_cast<std::uint32_t>(end - row.first_row),
               .bytes = row.bytes,
               .opened_bytes = row.opened_bytes};
}

Result<std::vector<std::byte>> open_frame(const Frame& frame, std::span<const std::byte> bytes, std::uint64_t at) {
  if (auto opened = open_block(bytes, frame.opened_bytes)) return *std::move(opened);
  return corrupt(at, "a frame of payloads does not open to " + std::to_string(frame.opened_bytes) + " bytes");
}

Result<std::span<const std::byte>> payload_of(const Frame& frame, std::span<const std::byte> opened, std::uint32_t row,
                                              std::uint64_t at) {
  assert(row >= frame.first_row && row - frame.first_row < frame.rows && opened.size() == frame.opened_bytes);
  const std::uint32_t i = row - frame.first_row;
  const auto end_of = [&](std::uint32_t which) {
    le32 end;
    std::memcpy(&end, opened.data() + std::size_t{which} * sizeof end, sizeof end);
    return std::uint32_t{end};
  };
  const auto bytes = opened.subspan(std::size_t{frame.rows} * sizeof(le32));
  const std::uint32_t begin = i == 0 ? 0 : end_of(i - 1), end = end_of(i);
  if (begin <= end && end <= bytes.size()) return bytes.subspan(begin, end - begin);
  return corrupt(at, "a payload of bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                         ": expected them in " + std::to_string(bytes.size()));
}

}  // namespace nearline::format
