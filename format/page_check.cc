// SPDX-License-Identifier: Apache-2.0
/// Everything that one graph page can be asked without looking at another. Runs in verify and in untrusted opens; a
/// search relies on fewer of these rules and checks those itself.
#include <algorithm>
#include <string>
#include <vector>

#include "format/corrupt.h"
#include "format/fused_page.h"
#include "format/graph_page.h"
#include "format/record_check.h"

namespace nearline::format {
namespace {

Result<void> check_list(const PageShape& shape, std::span<const std::byte> record, std::uint32_t self,
                        std::uint64_t count, std::uint64_t at, std::vector<std::uint32_t>& scratch) {
  const std::uint32_t degree = stored_degree(shape, record.data());
  const std::uint64_t degree_at = at + shape.degree_place();
  if (degree > shape.degree) {
    return corrupt(degree_at, "record " + std::to_string(self) + " has " + std::to_string(degree) +
                                  " neighbours: expected at most " + std::to_string(shape.degree));
  }
  scratch.resize(degree);
  unpack_neighbors(shape, record.data(), scratch.data());
  std::sort(scratch.begin(), scratch.end());
  if (!scratch.empty() && scratch.back() >= count) {
    return corrupt(degree_at, "record " + std::to_string(self) + " has neighbour " + std::to_string(scratch.back()) +
                                  ": expected an ordinal below " + std::to_string(count));
  }
  if (std::binary_search(scratch.begin(), scratch.end(), self)) {
    return corrupt(degree_at, "record " + std::to_string(self) + " is its own neighbour");
  }
  if (const auto twice = std::adjacent_find(scratch.begin(), scratch.end()); twice != scratch.end()) {
    return corrupt(degree_at, "record " + std::to_string(self) + " has neighbour " + std::to_string(*twice) + " twice");
  }
  // Bits behind the last neighbour: part of a byte, then whole bytes.
  const std::size_t used_bits = std::size_t{degree} * shape.neighbor_bits;
  const std::span<const std::byte> list = record.subspan(shape.list_place());
  const bool partial = used_bits % 8 != 0 && (std::to_integer<unsigned>(list[used_bits / 8]) >> (used_bits % 8)) != 0;
  if (partial || !all_zero(list.subspan((used_bits + 7) / 8))) {
    return corrupt(at + shape.list_place(), "record " + std::to_string(self) + " has bits behind its last neighbour");
  }
  return {};
}

}  // namespace

Result<void> check_page(const PageShape& shape, std::span<const std::byte> page, std::uint32_t number,
                        std::uint64_t count, std::uint64_t at) {
  assert(page.size() == shape.page_bytes && number < shape.pages(count));
  GraphPageHeader header;
  std::memcpy(&header, page.data(), sizeof header);
  const std::uint64_t first = std::uint64_t{number} * shape.slots;
  const auto records = static_cast<std::uint32_t>(std::min<std::uint64_t>(shape.slots, count - first));
  const bool lean = shape.layout == Layout::kLean;
  if (header.kind != (lean ? kGraphPageKind : kFusedPageKind))
    return corrupt(at, "a graph page starts with another kind of page");
  if (header.page != number) {
    return corrupt(at + offsetof(GraphPageHeader, page),
                   "graph page " + std::to_string(number) + " says that it is page " + std::to_string(header.page));
  }
  if (header.count != records) {
    return corrupt(at + offsetof(GraphPageHeader, count), "graph page " + std::to_string(number) +
                                                              " says that it holds " + std::to_string(header.count) +
                                                              " records: expected " + std::to_string(records));
  }
  std::vector<std::uint32_t> scratch;
  for (std::uint32_t slot = 0; slot < records; ++slot) {
    const std::size_t place = sizeof header + std::size_t{slot} * shape.slot_bytes;
    const auto self = static_cast<std::uint32_t>(first + slot);
    const auto record = page.subspan(place, shape.slot_bytes);
    NEARLINE_CHECK(check_record_head(shape, record, self, at + place));
    if (lean) NEARLINE_CHECK(check_list(shape, record, self, count, at + place, scratch));
  }
  const std::size_t end = sizeof header + std::size_t{records} * shape.slot_bytes;
  if (!lean) return check_table(shape, page, number, records, count, at);
  if (!all_zero(page.first(page.size() - kSealBytes).subspan(end)))
    return corrupt(at + end, "bytes behind the last record are not zero");
  return {};
}

}  // namespace nearline::format
