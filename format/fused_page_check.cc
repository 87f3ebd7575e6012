// SPDX-License-Identifier: Apache-2.0
/// What only fused pages can get wrong: targets and links.
#include <string>
#include <vector>

#include "format/corrupt.h"
#include "format/fused_page.h"

namespace nearline::format {
namespace {

struct Page {
  const PageShape& shape;
  std::span<const std::byte> bytes;
  std::uint32_t number;
  std::uint32_t records;
  std::uint64_t count;
  std::uint64_t at;
};

Result<void> check_targets(const Page& page, std::uint32_t targets) {
  std::int64_t before = -1;
  for (std::uint32_t i = 0; i < targets; ++i) {
    const std::uint64_t at =
        page.at + static_cast<std::uint64_t>(target_at(page.shape, page.bytes.data(), i) - page.bytes.data());
    const std::uint32_t ordinal = target_ordinal(page.shape, page.bytes.data(), i);
    if (ordinal >= page.count || ordinal / page.shape.slots == page.number) {
      return corrupt(at, "page " + std::to_string(page.number) + " has target " + std::to_string(ordinal) +
                             ": expected an ordinal of another page, below " + std::to_string(page.count));
    }
    if (ordinal <= before) {
      return corrupt(at, "page " + std::to_string(page.number) + " has target " + std::to_string(ordinal) +
                             " behind target " + std::to_string(before) + ": expected ascending ordinals");
    }
    before = ordinal;
  }
  return {};
}

/// Adds a record's links to `linked`, a flag for each slot and target.
Result<void> check_links(const Page& page, std::uint32_t slot, std::uint32_t targets, std::vector<bool>& linked) {
  const std::size_t place = sizeof(GraphPageHeader) + std::size_t{slot} * page.shape.slot_bytes;
  const std::uint64_t at = page.at + place + links_place(page.shape);
  const auto links = page.bytes.subspan(place, page.shape.slot_bytes).subspan(links_place(page.shape));
  const std::string name = "record " + std::to_string(page.number * page.shape.slots + slot);
  std::uint32_t degree = 0;
  for (std::uint32_t bit = 0; bit < links.size() * 8; ++bit) {
    if ((std::to_integer<unsigned>(links[bit / 8]) >> (bit % 8) & 1) == 0) continue;
    if (bit == slot) return corrupt(at + bit / 8, name + " is its own neighbour");
    const bool good = bit < page.shape.slots ? bit < page.records : bit - page.shape.slots < targets;
    if (!good) {
      return corrupt(at + bit / 8, name + " has link " + std::to_string(bit) +
                                       ": expected one to a record of its page or to a target");
    }
    linked[bit] = true;
    ++degree;
  }
  if (degree > page.shape.degree) {
    return corrupt(at, name + " has " + std::to_string(degree) + " neighbours: expected at most " +
                           std::to_string(page.shape.degree));
  }
  return {};
}

}  // namespace

Result<void> check_table(const PageShape& shape, std::span<const std::byte> page, std::uint32_t number,
                         std::uint32_t records, std::uint64_t count, std::uint64_t at) {
  const Page whole{shape, page, number, records, count, at};
  const std::size_t table = table_place(shape);
  const std::size_t end = sizeof(GraphPageHeader) + std::size_t{records} * shape.slot_bytes;
  if (!all_zero(page.first(table).subspan(end))) {
    return corrupt(at + end, "bytes behind the last record are not zero");
  }
  const std::uint32_t targets = stored_targets(shape, page.data());
  if (targets > shape.targets) {
    return corrupt(at + table, "page " + std::to_string(number) + " has " + std::to_string(targets) +
                                   " targets: expected at most " + std::to_string(shape.targets));
  }
  NEARLINE_CHECK(check_targets(whole, targets));
  std::vector<bool> linked(std::size_t{shape.slots} + shape.targets + 8);
  for (std::uint32_t slot = 0; slot < records; ++slot) NEARLINE_CHECK(check_links(whole, slot, targets, linked));
  for (std::uint32_t i = 0; i < targets; ++i) {
    if (!linked[std::size_t{shape.slots} + i]) {
      return corrupt(
          at + static_cast<std::uint64_t>(target_at(shape, page.data(), i) - page.data()),
          "page " + std::to_string(number) + " has target " + std::to_string(i) + " that none of its records links to");
    }
  }
  const std::size_t used = table + sizeof(std::uint16_t) + targets * target_bytes(shape);
  if (!all_zero(page.first(page.size() - kSealBytes).subspan(used)))
    return corrupt(at + used, "bytes behind the last target are not zero");
  return {};
}

}  // namespace nearline::format
