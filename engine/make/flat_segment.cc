// SPDX-License-Identifier: Apache-2.0
#include "engine/make/flat_segment.h"

#include <array>
#include <cstring>

#include "engine/columns/column_writer.h"
#include "engine/make/segment_writer.h"
#include "engine/space/space.h"

namespace nearline::engine {

Result<void> write_flat_segment(Intake& intake, const Schema& schema, IndexFileWriter& writer) {
  const std::uint64_t count = intake.count();
  const auto shape =
      format::PageShape::choose(count, schema.dim, schema.type, schema.metric, kLeastDegree, intake.id_bytes());
  writer.add_segment({.count = count, .id_bytes = shape.id_bytes}, graph_of(shape, count));
  format::Section section;
  section.kind = format::SectionKind::kGraphPages;
  section.count = shape.pages(count);
  section.element_bytes = shape.page_bytes;
  NEARLINE_CHECK(writer.begin(section));
  PageWriter pages(writer, shape, count, nullptr);
  const Space space(schema.metric, schema.type, schema.dim);
  std::vector<std::byte> record(shape.slot_bytes);
  std::vector<Id> ids;
  NEARLINE_CHECK(intake.spill().for_each([&](std::uint64_t, Id id, std::span<const std::byte> vector) -> Result<void> {
    std::memcpy(record.data(), vector.data(), vector.size());
    format::store_id(shape, id, record.data());
    if (space.has_scale()) format::store_scale(shape, space.scale_of(record.data()), record.data());
    ids.push_back(id);
    return pages.append(shape, record.data(), {}, {});
  }));
  NEARLINE_CHECK(pages.finish());
  NEARLINE_CHECK(writer.end());
  const std::array<std::uint32_t, 1> entry{0};
  NEARLINE_CHECK(write_tables(writer, entry, ids, nullptr));
  return write_values(writer, intake.values(), ids);
}

}  // namespace nearline::engine
