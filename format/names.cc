// SPDX-License-Identifier: Apache-2.0
/// The words for element types, metrics, layouts, rankings and I/O modes: one table each, read in both directions.
#include <ostream>
#include <span>

#include "nearline/schema.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline {
namespace {

template <class T>
struct Word {
  T value;
  std::string_view word;
};

constexpr Word<ElementType> kElementTypes[] = {{ElementType::kF32, "f32"},   {ElementType::kF16, "f16"},
                                               {ElementType::kBF16, "bf16"}, {ElementType::kI8, "i8"},
                                               {ElementType::kU8, "u8"},     {ElementType::kB1, "b1"}};
constexpr Word<Metric> kMetrics[] = {{Metric::kL2, "l2"},
                                     {Metric::kIp, "ip"},
                                     {Metric::kCosine, "cosine"},
                                     {Metric::kHamming, "hamming"},
                                     {Metric::kJaccard, "jaccard"}};
constexpr Word<Layout> kLayouts[] = {{Layout::kAuto, "auto"}, {Layout::kLean, "lean"}, {Layout::kFused, "fused"}};
constexpr Word<Ranking> kRankings[] = {
    {Ranking::kAuto, "auto"}, {Ranking::kExact, "exact"}, {Ranking::kCodes, "codes"}};
constexpr Word<AttributeType> kAttributeTypes[] = {{AttributeType::kI64, "i64"},   {AttributeType::kF64, "f64"},
                                                   {AttributeType::kBool, "bool"}, {AttributeType::kString, "string"},
                                                   {AttributeType::kTags, "tags"}, {AttributeType::kPlace, "place"}};
constexpr Word<IoMode> kIoModes[] = {
    {IoMode::kAuto, "auto"}, {IoMode::kMapped, "mapped"}, {IoMode::kDirect, "direct"}, {IoMode::kPread, "pread"}};

/// "unknown" for a value that no enumerator has: one read from a file and not yet checked.
template <class T>
std::string_view word_of(std::span<const Word<T>> table, T value) noexcept {
  for (const auto& row : table) {
    if (row.value == value) return row.word;
  }
  return "unknown";
}

template <class T>
std::optional<T> value_of(std::span<const Word<T>> table, std::string_view word) noexcept {
  for (const auto& row : table) {
    if (row.word == word) return row.value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(ElementType type) noexcept {
  return word_of<ElementType>(kElementTypes, type);
}
std::string_view name(Metric metric) noexcept {
  return word_of<Metric>(kMetrics, metric);
}
std::string_view name(AttributeType type) noexcept {
  return word_of<AttributeType>(kAttributeTypes, type);
}
std::string_view name(Layout layout) noexcept {
  return word_of<Layout>(kLayouts, layout);
}
std::string_view name(Ranking ranking) noexcept {
  return word_of<Ranking>(kRankings, ranking);
}
std::string_view name(IoMode mode) noexcept {
  return word_of<IoMode>(kIoModes, mode);
}

std::optional<ElementType> element_type_from(std::string_view word) noexcept {
  return value_of<ElementType>(kElementTypes, word);
}
std::optional<Metric> metric_from(std::string_view word) noexcept {
  return value_of<Metric>(kMetrics, word);
}
std::optional<Layout> layout_from(std::string_view word) noexcept {
  return value_of<Layout>(kLayouts, word);
}
std::optional<Ranking> ranking_from(std::string_view word) noexcept {
  return value_of<Ranking>(kRankings, word);
}
std::optional<IoMode> io_mode_from(std::string_view word) noexcept {
  return value_of<IoMode>(kIoModes, word);
}
std::optional<AttributeType> attribute_type_from(std::string_view word) noexcept {
  return value_of<AttributeType>(kAttributeTypes, word);
}

std::ostream& operator<<(std::ostream& out, AttributeType type) {
  return out << name(type);
}
std::ostream& operator<<(std::ostream& out, ElementType type) {
  return out << name(type);
}
std::ostream& operator<<(std::ostream& out, Metric metric) {
  return out << name(metric);
}
std::ostream& operator<<(std::ostream& out, Layout layout) {
  return out << name(layout);
}
std::ostream& operator<<(std::ostream& out, Ranking ranking) {
  return out << name(ranking);
}
std::ostream& operator<<(std::ostream& out, IoMode mode) {
  return out << name(mode);
}

}  // namespace nearline
