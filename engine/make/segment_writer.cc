// SPDX-License-Identifier: Apache-2.0
#include "engine/make/segment_writer.h"

#include <algorithm>
#include <cstring>

#include "engine/make/key_writer.h"

namespace nearline::engine {
namespace {

Result<void> write_entries(IndexFileWriter& writer, std::span<const std::uint32_t> entries) {
  format::Section section;
  section.kind = format::SectionKind::kEntryPoints;
  section.count = entries.size();
  section.element_bytes = sizeof(std::uint32_t);
  NEARLINE_CHECK(writer.begin(section));
  NEARLINE_CHECK(writer.append(std::as_bytes(entries)));
  return writer.end();
}

}  // namespace

PageWriter::PageWriter(IndexFileWriter& writer, const format::PageShape& shape, std::uint64_t count, CodeWriter* codes)
    : writer_(writer), shape_(shape), count_(count), codes_(codes), page_(shape.page_bytes) {}

Result<void> PageWriter::append(const format::PageShape& from, const std::byte* record,
                                std::span<const std::uint32_t> neighbors, std::span<const std::byte> code) {
  assert(next_ < count_);
  std::byte* const to = page_.data() + shape_.place_of(format::Ordinal{static_cast<std::uint32_t>(next_)});
  std::memcpy(to, record, shape_.vector_bytes);
  if (shape_.has_scale) format::store_scale(shape_, format::stored_scale(from, record), to);
  format::store_id(shape_, format::stored_id(from, record), to);
  format::store_neighbors(shape_, neighbors, to);
  if (codes_ != nullptr) {
    NEARLINE_CHECK(codes_->add(record, shape_.has_scale ? format::stored_scale(from, record) : 1.0F, code));
  }
  const auto page = static_cast<std::uint32_t>(next_ / shape_.slots);
  edges_ += neighbors.size();
  for (const std::uint32_t neighbor : neighbors) local_edges_ += neighbor / shape_.slots == page ? 1 : 0;
  ++next_;
  return next_ % shape_.slots == 0 ? flush() : Result<void>{};
}

Result<void> PageWriter::flush() {
  const auto page = static_cast<std::uint32_t>((next_ - 1) / shape_.slots);
  format::store_header(page, static_cast<std::uint32_t>(next_ - std::uint64_t{page} * shape_.slots), page_.data());
  NEARLINE_CHECK(writer_.append(page_));
  std::fill(page_.begin(), page_.end(), std::byte{0});
  return {};
}

Result<void> PageWriter::finish() {
  assert(next_ == count_);
  return next_ % shape_.slots == 0 ? Result<void>{} : flush();
}

format::Graph graph_of(const format::PageShape& shape, std::uint64_t count) noexcept {
  return {.layout = shape.layout,
          .nodes = count,
          .degree = shape.degree,
          .page_bytes = shape.page_bytes,
          .slots = shape.slots,
          .slot_bytes = shape.slot_bytes,
          .neighbor_bits = shape.neighbor_bits,
          .targets = shape.targets,
          .code_bytes = shape.code_bytes};
}

Result<void> write_tables(IndexFileWriter& writer, std::span<const std::uint32_t> entries, const std::vector<Id>& ids,
                          CodeWriter* codes) {
  NEARLINE_CHECK(write_entries(writer, entries));
  NEARLINE_CHECK(write_keys(writer, ids));
  if (codes == nullptr) return {};
  return writer.graph().layout == Layout::kFused ? codes->finish(writer, entries) : codes->finish(writer);
}

}  // namespace nearline::engine
