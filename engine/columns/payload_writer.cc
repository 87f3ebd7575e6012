// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/payload_writer.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "format/packed_block.h"
#include "format/payload.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kCopyBytes = 1u << 20;

/// Frames go to a file without a name first: how long they are together is known only then.
class FrameWriter {
 public:
  explicit FrameWriter(std::unique_ptr<io::File> file) noexcept : file_(std::move(file)) {}

  Result<void> add(std::uint32_t row, std::string_view payload) {
    if (!ends_.empty() &&
        (bytes_.size() + payload.size() > format::kFrameBytes || ends_.size() == format::kFrameRows)) {
      NEARLINE_CHECK(close());
    }
    if (ends_.empty()) first_row_ = row;
    bytes_ += payload;
    ends_.emplace_back() = static_cast<std::uint32_t>(bytes_.size());
    return {};
  }

  Result<void> close() {
    const auto ends = std::as_bytes(std::span(ends_));
    const auto content = std::as_bytes(std::span(bytes_));
    std::vector<std::byte> opened(ends.begin(), ends.end());
    opened.insert(opened.end(), content.begin(), content.end());
    const std::vector<std::byte> frame = format::compress_block(opened);
    format::FrameRow row{};
    row.offset = written_;
    row.first_row = first_row_;
    row.bytes = static_cast<std::uint32_t>(frame.size());
    row.opened_bytes = static_cast<std::uint32_t>(opened.size());
    table_.push_back(row);
    NEARLINE_CHECK(io::write_all(*file_, written_, frame));
    written_ += frame.size();
    ends_.clear();
    bytes_.clear();
    return {};
  }

  /// The section. Precondition: all is closed.
  Result<void> write(IndexFileWriter& writer, std::uint64_t rows) {
    format::PayloadHeader header{};
    header.rows = rows;
    header.frames = static_cast<std::uint32_t>(table_.size());
    const std::uint64_t before = sizeof header + table_.size() * sizeof(format::FrameRow);
    for (format::FrameRow& row : table_) row.offset = row.offset + before;
    format::Section section;
    section.kind = format::SectionKind::kPayload;
    section.count = before + written_;
    section.element_bytes = 1;
    NEARLINE_CHECK(writer.begin(section));
    NEARLINE_CHECK(writer.append(std::as_bytes(std::span(&header, 1))));
    NEARLINE_CHECK(writer.append(std::as_bytes(std::span(table_))));
    std::vector<std::byte> some;
    for (std::uint64_t at = 0; at < written_; at += some.size()) {
      some.resize(std::min<std::uint64_t>(kCopyBytes, written_ - at));
      NEARLINE_CHECK(io::read_exact(*file_, at, some));
      NEARLINE_CHECK(writer.append(some));
    }
    return writer.end();
  }

 private:
  std::unique_ptr<io::File> file_;
  std::uint64_t written_ = 0;
  std::vector<format::FrameRow> table_;
  std::uint32_t first_row_ = 0;
  std::vector<format::le32> ends_;
  std::string bytes_;
};

}  // namespace

Result<void> write_payloads(IndexFileWriter& writer, StagedValues& staged, std::span<const std::uint32_t> places) {
  NEARLINE_TRY(where, staged.payload_places());
  const auto has = [&](std::uint32_t place) {
    return place != std::numeric_limits<std::uint32_t>::max() && where[place] != StagedValues::kNoPayload;
  };
  if (std::ranges::none_of(places, has)) return {};
  NEARLINE_TRY(file, staged.make_file());
  FrameWriter frames(std::move(file));
  std::string payload;
  for (std::uint32_t row = 0; row < places.size(); ++row) {
    payload.clear();
    if (has(places[row])) NEARLINE_CHECK(staged.read_payload(where[places[row]], payload));
    NEARLINE_CHECK(frames.add(row, payload));
  }
  NEARLINE_CHECK(frames.close());
  return frames.write(writer, places.size());
}

}  // namespace nearline::engine
