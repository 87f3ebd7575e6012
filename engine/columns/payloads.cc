// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/payloads.h"

#include <algorithm>
#include <cstring>

namespace nearline::engine {

Payloads::Payloads(const SegmentFile& file, const format::Section& section, std::unique_ptr<BlockCheck> check)
    : owned_(file.index().share_file()), section_(section), rows_(file.segment().count), check_(std::move(check)) {
  if (!check_) check_ = tree_check(*owned_, file.index().manifest().file_id, section_);
}

Result<std::shared_ptr<const Payloads>> Payloads::open(const SegmentFile& file, const format::Section& section,
                                                       std::unique_ptr<BlockCheck> check) {
  std::shared_ptr<Payloads> payloads(new Payloads(file, section, std::move(check)));
  SectionWindow window(*payloads->owned_, payloads->section_, *payloads->check_, 0);
  const auto size = std::min<std::uint64_t>(section.length, sizeof(format::PayloadHeader));
  NEARLINE_TRY(bytes, window.look(0, size));
  auto frames = format::decode_payload_header({bytes, size}, section.length, payloads->rows_, section.offset);
  if (!frames) return std::move(frames).error().in(file.file().path().string());
  payloads->frames_ = *frames;
  return std::shared_ptr<const Payloads>(std::move(payloads));
}

Payloads::Reader::Reader(const Payloads& payloads) noexcept
    : payloads_(payloads),
      table_(*payloads.owned_, payloads.section_, *payloads.check_, 0),
      window_(*payloads.owned_, payloads.section_, *payloads.check_, 0) {}

/// The last frame whose first row is not above: found by halving, whatever order the rows of a damaged table have.
Result<format::Frame> Payloads::Reader::frame_of(std::uint32_t row) {
  const auto at = [&](std::uint64_t frame) -> Result<format::FrameRow> {
    format::FrameRow found;
    const std::uint64_t place = sizeof(format::PayloadHeader) + frame * sizeof found;
    NEARLINE_TRY(bytes, table_.look(place, sizeof found));
    std::memcpy(&found, bytes, sizeof found);
    return found;
  };
  std::uint64_t first = 0, end = payloads_.frames_;
  while (end - first > 1) {
    const std::uint64_t middle = first + (end - first) / 2;
    NEARLINE_TRY(found, at(middle));
    (found.first_row <= row ? first : end) = middle;
  }
  NEARLINE_TRY(here, at(first));
  format::FrameRow next{};
  const bool last = first + 1 == payloads_.frames_;
  if (!last) {
    NEARLINE_TRY(behind, at(first + 1));
    next = behind;
  }
  const auto& section = payloads_.section_;
  NEARLINE_TRY(frame,
               format::decode_frame(here, last ? nullptr : &next, payloads_.rows_, section.length, section.offset));
  if (row >= frame.first_row && row - frame.first_row < frame.rows) return frame;
  return format::decode_frame({}, nullptr, 0, section.length, section.offset);  // a table that leaves the row out
}

Result<std::string> Payloads::Reader::read(std::uint32_t row) {
  const auto named = [&](Error error) { return std::move(error).in(payloads_.owned_->path().string()); };
  if (opened_.empty() || row < frame_.first_row || row - frame_.first_row >= frame_.rows) {
    opened_.clear();
    auto frame = frame_of(row);
    if (!frame) return named(std::move(frame).error());
    NEARLINE_TRY(bytes, window_.look(frame->offset, frame->bytes));
    auto opened = format::open_frame(*frame, {bytes, frame->bytes}, payloads_.section_.offset + frame->offset);
    if (!opened) return named(std::move(opened).error());
    frame_ = *frame;
    opened_ = std::move(opened).value();
  }
  auto payload = format::payload_of(frame_, opened_, row, payloads_.section_.offset + frame_.offset);
  if (!payload) return named(std::move(payload).error());
  return std::string(reinterpret_cast<const char*>(payload->data()), payload->size());
}

}  // namespace nearline::engine
