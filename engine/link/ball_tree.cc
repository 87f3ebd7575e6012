// SPDX-License-Identifier: Apache-2.0
#include "engine/link/ball_tree.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "engine/parallel.h"
#include "engine/random.h"

namespace nearline::engine {
namespace {

/// Few enough that all leaders of a split stay in the nearest cache while the members pass by.
constexpr std::uint32_t kMostLeaders = 64;
constexpr std::size_t kChunk = 256;

class Grower {
 public:
  Grower(const RecordImage& image, const Space& space, std::uint32_t most, std::uint64_t seed, std::uint32_t threads)
      : image_(image), space_(space), most_(most), threads_(threads), random_(seed), queries_(threads) {
    for (auto& query : queries_) query.resize(space.query_bytes());
  }

  Leaves run() {
    const auto count = static_cast<std::uint32_t>(image_.count());
    leaves_.order.resize(count);
    std::iota(leaves_.order.begin(), leaves_.order.end(), 0U);
    part_.resize(count);
    moved_.resize(count);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> todo{{0, count}};
    while (!todo.empty()) {
      const auto [first, end] = todo.back();
      todo.pop_back();
      if (end - first <= most_) {
        leaves_.ends.push_back(end);
        continue;
      }
      const std::vector<std::uint32_t> ends = split(first, end);
      for (std::size_t i = ends.size(); i-- > 0;) todo.emplace_back(i == 0 ? first : ends[i - 1], ends[i]);
    }
    return std::move(leaves_);
  }

 private:
  /// Rearranges [first, end) by nearest leader; the ends of the parts. Leaders of less than a quarter of a leaf are
  /// dropped, their members go to the next best.
  std::vector<std::uint32_t> split(std::uint32_t first, std::uint32_t end) {
    const std::span<std::uint32_t> members(leaves_.order.data() + first, end - first);
    std::vector<std::uint32_t> leaders = choose_leaders(members);
    std::vector<std::uint32_t> sizes = assign(members, leaders);
    std::vector<std::uint32_t> kept;
    for (std::size_t i = 0; i < leaders.size(); ++i) {
      if (sizes[i] * 4 >= most_) kept.push_back(leaders[i]);
    }
    if (kept.size() < leaders.size() && !kept.empty()) sizes = assign(members, kept);
    return group(members, sizes, first);
  }

  std::vector<std::uint32_t> choose_leaders(std::span<const std::uint32_t> members) {
    const auto count =
        std::clamp<std::uint32_t>(static_cast<std::uint32_t>(2 * members.size() / most_), 2, kMostLeaders);
    std::vector<std::uint32_t> leaders;
    for (std::uint32_t i = 0; i < count; ++i) leaders.push_back(members[random_.below(members.size())]);
    std::sort(leaders.begin(), leaders.end());
    leaders.erase(std::unique(leaders.begin(), leaders.end()), leaders.end());
    return leaders;
  }

  /// Sets part_ for each member; the sizes of the parts.
  std::vector<std::uint32_t> assign(std::span<const std::uint32_t> members, std::span<const std::uint32_t> leaders) {
    std::vector<const std::byte*> records;
    for (const std::uint32_t leader : leaders) records.push_back(image_.record(leader));
    parallel_for(members.size(), kChunk, threads_, [&](std::size_t begin, std::size_t end, unsigned thread) {
      std::array<float, kMostLeaders> distances;
      for (std::size_t i = begin; i < end; ++i) {
        const Query query = space_.query_of(image_.record(members[i]), queries_[thread].data());
        space_.distances(query, records, distances.data());
        const auto least = std::min_element(distances.begin(), distances.begin() + std::ptrdiff_t(records.size()));
        part_[i] = static_cast<std::uint8_t>(least - distances.begin());
      }
    });
    std::vector<std::uint32_t> sizes(leaders.size(), 0);
    for (std::size_t i = 0; i < members.size(); ++i) ++sizes[part_[i]];
    return sizes;
  }

  std::vector<std::uint32_t> group(std::span<std::uint32_t> members, std::span<const std::uint32_t> sizes,
                                   std::uint32_t first) {
    std::vector<std::uint32_t> next(sizes.size(), 0);
    for (std::size_t i = 1; i < sizes.size(); ++i) next[i] = next[i - 1] + sizes[i - 1];
    for (std::size_t i = 0; i < members.size(); ++i) moved_[next[part_[i]]++] = members[i];
    std::copy_n(moved_.begin(), members.size(), members.begin());
    std::vector<std::uint32_t> ends;
    std::uint32_t previous = 0;
    for (const std::uint32_t end : next) {
      if (end > std::exchange(previous, end)) ends.push_back(first + end);
    }
    if (ends.size() > 1) return ends;
    ends.clear();  // copies that no leader can part are cut where they stand
    for (std::uint32_t end = most_; end < members.size(); end += most_) ends.push_back(first + end);
    ends.push_back(first + static_cast<std::uint32_t>(members.size()));
    return ends;
  }

  const RecordImage& image_;
  const Space& space_;
  const std::uint32_t most_;
  const std::uint32_t threads_;
  Random random_;
  std::vector<std::vector<std::byte>> queries_;  // one per thread
  std::vector<std::uint8_t> part_;
  std::vector<std::uint32_t> moved_;
  Leaves leaves_;
};

}  // namespace

Leaves grow_leaves(const RecordImage& image, const Space& space, std::uint32_t most, std::uint64_t seed,
                   std::uint32_t threads) {
  return Grower(image, space, most, seed, threads).run();
}

}  // namespace nearline::engine
