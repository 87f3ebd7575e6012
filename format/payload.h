// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, payloads: bytes of records, those of rows in a row together in frames, each compressed alone by
/// zstd (packed_block.h). A frame opened holds the end of each of its payloads, counted from the first, then the
/// payloads. What it may grow to is said by the table, which is checked; what the frame itself says of that is only
/// compared with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/endian.h"
#include "nearline/attributes.h"
#include "nearline/result.h"

namespace nearline::format {

struct PayloadHeader {
  le64 rows;                             // 0  of the segment
  le32 frames;                           // 8  whose rows of the table follow
  std::array<std::uint8_t, 4> reserved;  // 12
};
static_assert(sizeof(PayloadHeader) == 16);

struct FrameRow {
  le64 offset;                           //  0  of its bytes, from the section's start
  le32 first_row;                        //  8  of its rows, which end where the next frame's begin
  le32 bytes;                            // 12  compressed
  le32 opened_bytes;                     // 16
  std::array<std::uint8_t, 4> reserved;  // 20
};
static_assert(sizeof(FrameRow) == 24);

/// A frame is closed once it holds so many bytes or rows; a payload that is larger is alone in its frame.
inline constexpr std::uint32_t kFrameBytes = 16'384;
inline constexpr std::uint32_t kFrameRows = 4096;
/// What a frame may grow to.
inline constexpr std::uint64_t kMaxOpenedBytes = kMaxPayloadBytes + kFrameBytes + std::uint64_t{kFrameRows} * 4;

/// What a frame may take in the file: no compressor makes of bytes much more.
constexpr std::uint64_t most_closed_bytes(std::uint64_t opened) noexcept {
  return opened + opened / 128 + 512;
}

/// A frame of the table, checked.
struct Frame {
  std::uint64_t offset = 0;
  std::uint32_t first_row = 0;
  std::uint32_t rows = 0;
  std::uint32_t bytes = 0;
  std::uint32_t opened_bytes = 0;
};

/// Errors: kCorrupt. bytes: at least a header. at: of the section in the file.
Result<std::uint32_t> decode_payload_header(std::span<const std::byte> bytes, std::uint64_t section_bytes,
                                            std::uint64_t rows, std::uint64_t at);
/// The frame that a row of the table describes. next: the row behind it, or null for the last. Errors: kCorrupt.
Result<Frame> decode_frame(const FrameRow& row, const FrameRow* next, std::uint64_t rows, std::uint64_t section_bytes,
                           std::uint64_t at);

/// Errors: kCorrupt for bytes that are no frame, or not of that size. at: of the frame in the file.
Result<std::vector<std::byte>> open_frame(const Frame& frame, std::span<const std::byte> bytes, std::uint64_t at);
/// The payload of a row of an opened frame. Errors: kCorrupt where its ends do not fit.
Result<std::span<const std::byte>> payload_of(const Frame& frame, std::span<const std::byte> opened, std::uint32_t row,
                                              std::uint64_t at);

}  // namespace nearline::format
