// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/intact_values.h"

#include "engine/columns/value_check.h"
#include "engine/repair/intact_blocks.h"
#include "format/corrupt.h"

namespace nearline::engine {
namespace {

class IntactCheck final : public BlockCheck {
 public:
  IntactCheck(const SegmentFile& segment, std::uint64_t file_bytes, const format::Section& section)
      : at_(section.offset), blocks_(segment.file(), file_bytes, segment.index().manifest().file_id, section) {}

  Result<void> check(std::uint64_t first, std::span<const std::byte> bytes) override {
    if (blocks_.are_intact(first, bytes)) return {};
    return format::corrupt(at_ + first * format::kBlockBytes, "blocks that are not as they were written");
  }

 private:
  std::uint64_t at_;
  IntactBlocks blocks_;
};

/// Checksums can be right and the value none: somebody made it.
bool may_be(const Value& value, const Attribute& attribute) {
  return check_values({.names = {attribute.name}, .values = {value}}, 1, 0, {attribute}).has_value();
}

}  // namespace

IntactValues::IntactValues(const SegmentFile& segment, std::uint64_t file_bytes)
    : attributes_(segment.index().manifest().attributes), columns_(attributes_.size()) {
  for (const format::Section& section : segment.index().manifest().sections) {
    if (section.kind != format::SectionKind::kAttribute || section.segment != segment.row()) continue;
    Source& source = columns_[section.field];
    any_ = source.there = true;
    auto opened = Column::open(segment, section, attributes_[section.field].type,
                               std::make_unique<IntactCheck>(segment, file_bytes, section));
    if (!opened) continue;
    source.column = *std::move(opened);
    source.reader = std::make_unique<ColumnReader>(source.column);
  }
  const format::Section* const section = segment.section(format::SectionKind::kPayload);
  if (section == nullptr) return;
  any_ = has_payloads_ = true;
  auto opened = Payloads::open(segment, *section, std::make_unique<IntactCheck>(segment, file_bytes, *section));
  if (!opened) return;
  payloads_ = *std::move(opened);
  payload_reader_.emplace(*payloads_);
}

RecordData IntactValues::read(std::span<const std::uint32_t> rows) {
  RecordData data;
  if (!any_) return data;
  for (const Attribute& attribute : attributes_) data.names.push_back(attribute.name);
  data.values.resize(rows.size() * attributes_.size());
  for (std::size_t a = 0; a < attributes_.size(); ++a) {
    for (std::size_t i = 0; i < rows.size() && columns_[a].there; ++i) {
      data.values[i * attributes_.size() + a] = value(a, rows[i]);
    }
  }
  for (std::size_t i = 0; i < rows.size() && has_payloads_; ++i) data.payloads.push_back(payload(rows[i]));
  return data;
}

/// A run is read whole once two of its rows were asked for, and with one of its blocks all of it is damaged; a reader
/// that knows nothing yet reads the blocks of the one row alone.
Value IntactValues::value(std::size_t attribute, std::uint32_t row) {
  Source& source = columns_[attribute];
  if (source.column) {
    auto found = source.reader->value(row);
    if (!found) {
      source.reader = std::make_unique<ColumnReader>(source.column);
      found = source.reader->value(row);
    }
    if (found && may_be(*found, attributes_[attribute])) return *std::move(found);
  }
  ++lost_;
  return {};
}

std::string IntactValues::payload(std::uint32_t row) {
  if (payload_reader_) {
    if (auto found = payload_reader_->read(row); found && found->size() <= kMaxPayloadBytes) return *std::move(found);
  }
  ++lost_;
  return {};
}

}  // namespace nearline::engine
