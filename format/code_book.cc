// SPDX-License-Identifier: Apache-2.0
#include "format/code_book.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "format/corrupt.h"
#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

/// Sizes of the tables behind the header, in the order in which they stand. Counts are bounded, so sums are too.
struct CodeBookTables {
  std::uint64_t mean = 0;
  std::uint64_t widths = 0;
  std::uint64_t axes = 0;
  std::uint64_t centroids = 0;
  std::uint64_t bytes = 0;

  static CodeBookTables of(std::uint32_t dim, std::uint32_t parts, std::uint32_t axes) noexcept {
    CodeBookTables t;
    t.mean = sizeof(CodeBookHeader);
    t.widths = t.mean + std::uint64_t{dim} * 4;
    t.axes = t.widths + std::uint64_t{parts} * 4;
    t.centroids = t.axes + std::uint64_t{axes} * dim * 4;
    t.bytes = t.centroids + std::uint64_t{axes} * kCentroids * 4;
    return t;
  }
};

void put(std::span<const float> values, std::byte* to) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    lef32 stored;
    stored = values[i];
    std::memcpy(to + i * sizeof stored, &stored, sizeof stored);
  }
}

/// Reads `count` floats at `place`. Error: the first that is not finite.
Result<std::vector<float>> floats(std::span<const std::byte> bytes, std::uint64_t place, std::uint64_t count,
                                  std::uint64_t at, const char* what) {
  std::vector<float> values(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    values[i] = row_at<lef32>(bytes, place + i * 4);
    if (!std::isfinite(values[i])) {
      return corrupt(at + place + i * 4, std::string(what) + " of a code book that is not finite: expected a number");
    }
  }
  return values;
}

Result<void> check_header(const CodeBookHeader& header, std::uint32_t dim, std::uint64_t at) {
  if (header.kind != kCodeBookKind) {
    return unsupported(at, "a code book of kind " + std::to_string(std::uint16_t{header.kind}) + ": expected 1");
  }
  if (header.dim != dim) {
    return corrupt(
        at + offsetof(CodeBookHeader, dim),
        "a code book of dimension " + std::to_string(std::uint32_t{header.dim}) + ": expected " + std::to_string(dim));
  }
  const std::uint32_t parts = header.parts, axes = header.axes;
  if (parts == 0 || parts > kMaxCodeParts || axes < parts || axes > dim) {
    return corrupt(at + offsetof(CodeBookHeader, parts),
                   "a code book of " + std::to_string(parts) + " parts over " + std::to_string(axes) +
                       " axes: expected 1 to 1024 parts, and at least as many axes, at most the dimension");
  }
  const float scales[] = {header.offset_low, header.offset_step, header.factor_low, header.factor_step, header.error};
  if (!std::all_of(std::begin(scales), std::end(scales), [](float s) { return std::isfinite(s); }) ||
      header.offset_step < 0 || header.factor_step < 0 || header.error < 0) {
    return corrupt(at + offsetof(CodeBookHeader, offset_low),
                   "scales of a code book: expected finite numbers, and steps and error not below 0");
  }
  if (!all_zero(header.reserved)) {
    return corrupt(at + offsetof(CodeBookHeader, reserved), "reserved bytes of a code book: expected zeros");
  }
  return {};
}

Result<std::vector<std::uint32_t>> read_widths(std::span<const std::byte> bytes, std::uint64_t place,
                                               std::uint32_t parts, std::uint32_t axes, std::uint64_t at) {
  std::vector<std::uint32_t> widths(parts);
  std::uint64_t sum = 0;
  bool empty = false;
  for (std::uint32_t p = 0; p < parts; ++p) {
    widths[p] = row_at<le32>(bytes, place + std::uint64_t{p} * 4);
    empty = empty || widths[p] == 0;
    sum += widths[p];
  }
  if (!empty && sum == axes) return widths;
  return corrupt(at + place, "parts of a code book with " + std::to_string(sum) + " axes together: expected " +
                                 std::to_string(axes) + " and none without");
}

}  // namespace

std::uint16_t Scale16::store(float value) const noexcept {
  if (!(step > 0)) return 0;
  return static_cast<std::uint16_t>(std::clamp(std::round((value - low) / step), 0.0F, kBeyondScales - 1.0F));
}

std::vector<std::byte> encode(const CodeBook& book) {
  const CodeBookTables t = CodeBookTables::of(book.dim, book.parts(), book.axis_count());
  std::vector<std::byte> bytes(t.bytes);
  CodeBookHeader header{};
  header.kind = kCodeBookKind;
  header.parts = static_cast<std::uint16_t>(book.parts());
  header.dim = book.dim;
  header.axes = book.axis_count();
  header.offset_low = book.offset.low;
  header.offset_step = book.offset.step;
  header.factor_low = book.factor.low;
  header.factor_step = book.factor.step;
  header.error = book.error;
  std::memcpy(bytes.data(), &header, sizeof header);
  put(book.mean, bytes.data() + t.mean);
  for (std::uint32_t p = 0; p < book.parts(); ++p) {
    le32 width;
    width = book.widths[p];
    std::memcpy(bytes.data() + t.widths + std::size_t{p} * 4, &width, sizeof width);
  }
  put(book.axes, bytes.data() + t.axes);
  put(book.centroids, bytes.data() + t.centroids);
  return bytes;
}

Result<CodeBook> decode_code_book(std::span<const std::byte> bytes, std::uint32_t dim, std::uint64_t at) {
  if (bytes.size() < sizeof(CodeBookHeader)) {
    return corrupt(at, "a code book of " + std::to_string(bytes.size()) + " bytes: expected at least " +
                           std::to_string(sizeof(CodeBookHeader)));
  }
  const auto header = row_at<CodeBookHeader>(bytes, 0);
  NEARLINE_CHECK(check_header(header, dim, at));
  const CodeBookTables t = CodeBookTables::of(dim, header.parts, header.axes);
  if (bytes.size() != t.bytes) {
    return corrupt(at,
                   "a code book of " + std::to_string(bytes.size()) + " bytes: expected " + std::to_string(t.bytes));
  }
  CodeBook book;
  book.dim = dim;
  book.offset = {header.offset_low, header.offset_step};
  book.factor = {header.factor_low, header.factor_step};
  book.error = header.error;
  NEARLINE_TRY(widths, read_widths(bytes, t.widths, header.parts, header.axes, at));
  book.widths = std::move(widths);
  NEARLINE_TRY(mean, floats(bytes, t.mean, dim, at, "a mean"));
  book.mean = std::move(mean);
  NEARLINE_TRY(axes, floats(bytes, t.axes, std::uint64_t{header.axes} * dim, at, "an axis"));
  book.axes = std::move(axes);
  NEARLINE_TRY(centroids, floats(bytes, t.centroids, std::uint64_t{header.axes} * kCentroids, at, "a centroid"));
  book.centroids = std::move(centroids);
  return book;
}

}  // namespace nearline::format
