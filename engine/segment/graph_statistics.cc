// SPDX-License-Identifier: Apache-2.0
/// Counts what the graph's pages hold, front to back, without the page cache that searches share.
#include <algorithm>
#include <bit>

#include "engine/progress.h"
#include "engine/segment/field.h"
#include "engine/segment/graph_statistics.h"
#include "format/fused_page.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kReadBytes = 1U << 20;
constexpr std::uint64_t kMostCounters = 4U << 20;  // of four bytes each
constexpr std::size_t kFillBins = 20;

class PageCount {
 public:
  PageCount(const format::PageShape& shape, std::uint64_t count)
      : shape_(shape), count_(count), stride_((count + kMostCounters - 1) / kMostCounters) {
    sum_.degrees.assign(shape.degree + 1, 0);
    sum_.fill.assign(kFillBins, 0);
    sum_.in_degree_records = (count + stride_ - 1) / stride_;
    in_degrees_.assign(sum_.in_degree_records, 0);
    neighbors_.resize(shape.degree);
  }

  /// Precondition: the page was checked.
  void add(std::uint32_t number, const std::byte* page) {
    const std::uint64_t first = std::uint64_t{number} * shape_.slots;
    const std::uint64_t records = std::min<std::uint64_t>(shape_.slots, count_ - first);
    std::uint64_t used = sizeof(format::GraphPageHeader);
    for (std::uint64_t o = first; o < first + records; ++o) {
      used += head_bytes() + add_list(number, page, format::Ordinal(o));
    }
    if (shape_.layout == Layout::kFused) {
      const std::uint64_t table = 2 + format::stored_targets(shape_, page) * format::target_bytes(shape_);
      used += table;
      sum_.list_bytes += table;
    }
    ++sum_.pages;
    sum_.records += records;
    ++sum_.fill[std::min<std::size_t>(kFillBins - 1, used * kFillBins / shape_.page_bytes)];
  }

  GraphStatistics result() && {
    sum_.vector_bytes = sum_.records * shape_.vector_bytes;
    sum_.head_bytes =
        sum_.records * (head_bytes() - shape_.vector_bytes) + sum_.pages * sizeof(format::GraphPageHeader);
    std::uint64_t room = sum_.records * (shape_.slot_bytes - head_bytes());
    if (shape_.layout == Layout::kFused) room += sum_.pages * (2 + shape_.targets * format::target_bytes(shape_));
    sum_.list_spare_bytes = room - sum_.list_bytes;
    for (const std::uint32_t in_degree : in_degrees_) {
      const auto bin = static_cast<std::size_t>(std::bit_width(in_degree));
      if (sum_.in_degrees.size() <= bin) sum_.in_degrees.resize(bin + 1);
      ++sum_.in_degrees[bin];
      sum_.in_degree_max = std::max(sum_.in_degree_max, in_degree);
    }
    return std::move(sum_);
  }

 private:
  /// Bytes of a record before its neighbours.
  [[nodiscard]] std::uint64_t head_bytes() const noexcept {
    return shape_.layout == Layout::kLean ? shape_.list_place() : format::links_place(shape_);
  }

  /// Returns the bytes that the record's list takes.
  std::uint64_t add_list(std::uint32_t number, const std::byte* page, format::Ordinal ordinal) {
    const std::uint32_t degree = format::neighbors_on(shape_, page, ordinal, neighbors_.data());
    for (std::uint32_t i = 0; i < degree; ++i) {
      const std::uint32_t target = neighbors_[i];
      if (shape_.page_of(format::Ordinal{target}) == number) ++sum_.local_edges;
      if (target % stride_ == 0) ++in_degrees_[target / stride_];
    }
    const std::uint64_t bytes = shape_.layout == Layout::kLean ? (std::uint64_t{degree} * shape_.neighbor_bits + 7) / 8
                                                               : shape_.slot_bytes - head_bytes();
    ++sum_.degrees[degree];
    sum_.edges += degree;
    sum_.list_bytes += bytes;
    return bytes;
  }

  format::PageShape shape_;
  std::uint64_t count_;
  std::uint64_t stride_;  // in-degrees are those of every stride_-th record, so that counters have a bound
  GraphStatistics sum_;
  std::vector<std::uint32_t> in_degrees_;
  std::vector<std::uint32_t> neighbors_;
};

}  // namespace

void add(const GraphStatistics& part, GraphStatistics& sum) {
  const auto add_bins = [](const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>& to) {
    to.resize(std::max(to.size(), from.size()));
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
  };
  sum.records += part.records;
  sum.edges += part.edges;
  sum.local_edges += part.local_edges;
  add_bins(part.degrees, sum.degrees);
  add_bins(part.in_degrees, sum.in_degrees);
  sum.in_degree_records += part.in_degree_records;
  sum.in_degree_max = std::max(sum.in_degree_max, part.in_degree_max);
  sum.pages += part.pages;
  sum.vector_bytes += part.vector_bytes;
  sum.list_bytes += part.list_bytes;
  sum.list_spare_bytes += part.list_spare_bytes;
  sum.head_bytes += part.head_bytes;
  add_bins(part.fill, sum.fill);
}

Result<GraphStatistics> Field::graph_statistics(const ProgressFn& progress) const {
  const format::PageShape& shape = graph_->shape;
  const std::uint64_t at = pages_.offset;
  const auto pages = static_cast<std::uint32_t>(shape.pages(graph_->count));
  const auto step = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, kReadBytes / shape.page_bytes));
  const std::string path = file_->path().string();
  PageCount sum(shape, graph_->count);
  std::vector<std::byte> buffer(std::size_t{std::min(step, pages)} * shape.page_bytes);
  for (std::uint32_t first = 0; first < pages;) {
    if (auto told = report(progress, {"pages", first, pages}); !told) return std::move(told).error().in(path);
    const std::uint32_t now = std::min(step, pages - first);
    const auto bytes = std::span(buffer).first(std::size_t{now} * shape.page_bytes);
    const std::uint64_t from = at + std::uint64_t{first} * shape.page_bytes;
    if (auto read = io::read_exact(*file_, from, bytes); !read) return std::move(read).error().in(path);
    for (std::uint32_t i = 0; i < now; ++i) {
      const auto page = bytes.subspan(std::size_t{i} * shape.page_bytes, shape.page_bytes);
      const std::uint64_t page_at = from + std::uint64_t{i} * shape.page_bytes;
      if (auto sealed = check_page(first + i, page); !sealed) return std::move(sealed).error().in(path);
      // Checksums that hold say nothing of what a stranger wrote: the counters are indexed by what stands here.
      auto good = format::check_page(shape, page, first + i, graph_->count, page_at);
      if (!good) return std::move(good).error().in(path);
      sum.add(first + i, page.data());
    }
    first += now;
  }
  return std::move(sum).result();
}

}  // namespace nearline::engine
