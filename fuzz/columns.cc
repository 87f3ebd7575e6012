// SPDX-License-Identifier: Apache-2.0
/// Any bytes as a column, its checksums right: every row and every filter gives an answer or says that the column is
/// damaged; and of one that a verification passes all rows are read, and filters find just what the rows say.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/columns/column_reader.h"
#include "engine/filter/bound.h"
#include "engine/repair/verify_values.h"
#include "engine/segment/matches.h"
#include "fuzz/one_section.h"
#include "fuzz/property.h"

namespace {

using namespace nearline;

constexpr std::uint64_t kMemory = 1U << 20;

bool is_damage(const Error& error) {
  return error.code == Code::kCorrupt;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// A filter that asks for a value, where filters can: strings of some bytes cannot stand in one.
std::optional<std::string> filter_for(const Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "x" : "not x";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return "x = " + std::to_string(*whole);
  if (const auto* place = std::get_if<Place>(&value)) {
    return "distance(x, " + std::to_string(place->lat) + ", " + std::to_string(place->lon) + ") < 1m";
  }
  if (std::holds_alternative<double>(value)) return "x between -1e300 and 1e300";
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr && text->size() < 256) {
    return "x = " + quoted(*text);
  }
  if (const auto* tags = std::get_if<Tags>(&value); tags != nullptr && !tags->empty() && tags->front().size() < 256) {
    return "x has " + quoted(tags->front());
  }
  return std::nullopt;
}

/// How many rows match, or none where the column says that it is damaged or the filter cannot be said.
std::optional<std::uint64_t> matches(const fuzzing::OneSection& world, const std::string& filter) {
  const auto bound = engine::bind(filter, world.manifest().attributes);
  if (!bound) return std::nullopt;
  engine::SegmentValues values(world.rows(), kMemory);
  engine::WindowReads cost;
  const auto no_ids = [](const engine::KeyRange&, std::span<std::uint64_t>) { return Result<void>(); };
  const auto found = engine::find_matches(values, world.segment(), *bound, no_ids, cost);
  FUZZ_PROPERTY(found || is_damage(found.error()));
  if (!found) return std::nullopt;
  FUZZ_PROPERTY((*found)->count() <= world.rows());
  return (*found)->count();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto type = static_cast<AttributeType>(1 + data[0] % 6);
  const std::uint64_t rows = 1 + (data[1] | data[2] << 8) % 9000U;
  const fuzzing::OneSection world(rows, format::SectionKind::kAttribute, type, {data + 3, size - 3});
  const auto finding = engine::broken_values(world.segment(), {});
  FUZZ_PROPERTY(finding.has_value());
  const bool sound = !finding->has_value();
  const auto column = engine::Column::open(world.segment(), world.section(), type);
  FUZZ_PROPERTY(column ? true : is_damage(column.error()) && !sound);
  if (!column) return 0;
  engine::ColumnReader reader(*column);
  Value some;
  std::uint64_t nulls = 0;
  const std::uint64_t step = sound ? 1 : std::max<std::uint64_t>(1, rows / 64);
  for (std::uint64_t row = 0; row < rows; row += step) {
    const auto value = reader.value(row);
    FUZZ_PROPERTY(value ? true : is_damage(value.error()) && !sound);
    if (!value) continue;
    nulls += value->index() == 0 ? 1 : 0;
    if (value->index() != 0 && some.index() == 0) some = *value;
    const auto* const tags = std::get_if<Tags>(&*value);
    FUZZ_PROPERTY(tags == nullptr || tags->size() <= kMaxTags);
  }
  for (std::uint64_t row = rows; row-- > rows - std::min<std::uint64_t>(rows, 3);) {  // one alone in each run
    engine::ColumnReader alone(*column);
    const auto value = alone.value(row);
    FUZZ_PROPERTY(value ? true : is_damage(value.error()) && !sound);
  }
  const auto null = matches(world, "x is null"), there = matches(world, "x is not null");
  if (sound) FUZZ_PROPERTY(null && there && *null == nulls && *there == rows - nulls);
  for (const char* filter : {"x < 0", "x > 5", "x != 3", "x >= 'b'", "x has 'a*'", "not x has 'b'", "x"}) {
    const auto found = matches(world, filter);
    if (sound && found) FUZZ_PROPERTY(*found <= rows - nulls);
  }
  if (const auto filter = filter_for(some)) {
    const auto found = matches(world, *filter);
    if (sound && found && some.index() != 3) FUZZ_PROPERTY(*found >= 1);
  }
  return 0;
}
