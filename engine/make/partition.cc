// SPDX-License-Identifier: Apache-2.0
#include "engine/make/partition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "engine/parallel.h"
#include "engine/random.h"

namespace nearline::engine {
namespace {

/// Cells per part: enough that neighbouring cells can be put together into parts of even size.
constexpr std::uint32_t kCellsPerPart = 8;
/// Cells that a record may fall back on when its nearest ones belong to one part or to full parts.
constexpr std::size_t kNearest = 16;
constexpr std::uint32_t kSamplePerCell = 32;

/// Rows whose cells are looked for together, so that what is found waits in little memory.
constexpr std::uint64_t kBlockRows = 4096;

/// The cells nearest to a row, nearest first.
struct Nearest {
  std::array<std::pair<float, std::uint32_t>, kNearest> cells;
  std::size_t count = 0;

  [[nodiscard]] std::span<const std::pair<float, std::uint32_t>> all() const noexcept { return {cells.data(), count}; }
};

class Partitioner {
 public:
  Partitioner(Spill& rows, const Space& space, const PartitionOptions& options)
      : rows_(rows),
        space_(space),
        options_(options),
        cells_(static_cast<std::uint32_t>(
            std::min<std::uint64_t>(std::uint64_t{options.parts} * kCellsPerPart, rows.count()))),
        random_(options.seed) {}

  Result<std::vector<PartPair>> run() {
    NEARLINE_CHECK(choose_pivots());
    NEARLINE_CHECK(group_cells());
    sizes_.assign(options_.parts, 0);
    std::vector<PartPair> parts;
    parts.reserve(rows_.count());
    const std::uint64_t block = std::min(kBlockRows, rows_.rows_per_read());
    std::vector<Nearest> nearest(block);
    for (std::uint64_t first = 0; first < rows_.count(); first += block) {
      const std::uint64_t count = std::min(block, rows_.count() - first);
      NEARLINE_TRY(bytes, rows_.read(first, count));
      parallel_for(count, 64, options_.threads, [&](std::size_t begin, std::size_t end, unsigned) {
        for (std::size_t i = begin; i < end; ++i) nearest[i] = nearest_cells(vector_of(bytes, i));
      });
      for (std::uint64_t i = 0; i < count; ++i) parts.push_back(assign(nearest[i]));
    }
    return parts;
  }

 private:
  [[nodiscard]] const std::byte* vector_of(std::span<const std::byte> rows, std::size_t i) const noexcept {
    return rows.data() + i * rows_.row_bytes() + sizeof(Id);
  }

  /// Pivots are laid out as the space expects records: vector, then scale.
  Result<void> choose_pivots() {
    const std::size_t vector_bytes = rows_.row_bytes() - sizeof(Id);
    const std::size_t pivot_bytes = vector_bytes + sizeof(float);
    pivots_.resize(cells_ * pivot_bytes);
    for (std::uint32_t i = 0; i < cells_; ++i) {
      NEARLINE_TRY(row, rows_.read(random_.below(rows_.count()), 1));
      std::byte* pivot = pivots_.data() + i * pivot_bytes;
      std::copy_n(vector_of(row, 0), vector_bytes, pivot);
      const float scale = space_.has_scale() ? space_.scale_of(pivot) : 0;
      std::copy_n(std::as_bytes(std::span(&scale, 1)).data(), sizeof scale, pivot + vector_bytes);
      pivot_records_.push_back(pivot);
    }
    return {};
  }

  [[nodiscard]] Nearest nearest_cells(const std::byte* vector) const {
    std::vector<std::byte> query(space_.query_bytes());
    std::vector<float> distances(cells_);
    space_.distances(space_.query(vector, space_.type(), query.data()), pivot_records_, distances.data());
    std::vector<std::pair<float, std::uint32_t>> all(cells_);
    for (std::uint32_t i = 0; i < cells_; ++i) all[i] = {distances[i], i};
    Nearest nearest{.cells = {}, .count = std::min(kNearest, all.size())};
    std::partial_sort_copy(all.begin(), all.end(), nearest.cells.begin(),
                           nearest.cells.begin() + static_cast<std::ptrdiff_t>(nearest.count));
    return nearest;
  }

  /// Fills part after part with cells along a chain of nearest neighbours, by sizes estimated from a sample.
  Result<void> group_cells() {
    std::vector<std::uint32_t> size(cells_, 1);
    for (std::uint32_t i = 0; i < cells_ * kSamplePerCell; ++i) {
      NEARLINE_TRY(row, rows_.read(random_.below(rows_.count()), 1));
      const Nearest nearest = nearest_cells(vector_of(row, 0));
      for (const auto& [distance, cell] : nearest.all().first(std::min<std::size_t>(2, nearest.count))) ++size[cell];
    }
    const double share = std::accumulate(size.begin(), size.end(), 0.0) / static_cast<double>(options_.parts);
    part_of_.assign(cells_, 0);
    std::vector<bool> grouped(cells_, false);
    double filled = 0;
    std::uint32_t cell = 0;
    for (std::uint32_t done = 0; done < cells_; ++done) {
      grouped[cell] = true;
      part_of_[cell] =
          static_cast<std::uint16_t>(std::min(options_.parts - 1, static_cast<std::uint32_t>(filled / share)));
      filled += size[cell];
      cell = nearest_ungrouped(cell, grouped);
    }
    return {};
  }

  [[nodiscard]] std::uint32_t nearest_ungrouped(std::uint32_t from, const std::vector<bool>& grouped) const {
    std::vector<std::byte> query(space_.query_bytes());
    std::vector<float> distances(cells_);
    space_.distances(space_.query_of(pivot_records_[from], query.data()), pivot_records_, distances.data());
    std::uint32_t best = from;
    for (std::uint32_t i = 0; i < cells_; ++i) {
      if (!grouped[i] && (grouped[best] || distances[i] < distances[best])) best = i;
    }
    return best;
  }

  /// The parts of the nearest cells that have room; any part with room when none of them does; one part alone when no
  /// other has any.
  PartPair assign(const Nearest& nearest) {
    std::array<std::uint32_t, 2> chosen{};
    std::size_t count = 0;
    const auto take = [&](std::uint32_t part) {
      if (count == 2 || sizes_[part] >= options_.capacity || (count == 1 && chosen[0] == part)) return;
      chosen[count++] = part;
      ++sizes_[part];
    };
    for (const auto& [distance, cell] : nearest.all()) take(part_of_[cell]);
    for (std::uint32_t part = 0; part < options_.parts; ++part) take(part);
    assert(count > 0);
    if (count == 1) chosen[1] = chosen[0];
    return {static_cast<std::uint16_t>(chosen[0]), static_cast<std::uint16_t>(chosen[1])};
  }

  Spill& rows_;
  const Space& space_;
  const PartitionOptions& options_;
  const std::uint32_t cells_;
  Random random_;
  std::vector<std::byte> pivots_;
  std::vector<const std::byte*> pivot_records_;
  std::vector<std::uint16_t> part_of_;
  std::vector<std::uint64_t> sizes_;
};

}  // namespace

Result<std::vector<PartPair>> partition(Spill& rows, const Space& space, const PartitionOptions& options) {
  return Partitioner(rows, space, options).run();
}

}  // namespace nearline::engine
