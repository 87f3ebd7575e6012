// SPDX-License-Identifier: Apache-2.0
#include "engine/link/pack.h"

#include <algorithm>
#include <deque>

namespace nearline::engine {
namespace {

/// Records that the page being filled points to, with the weight of the edges that lead to them.
class Frontier {
 public:
  struct Entry {
    std::uint32_t ordinal;
    float weight;
  };

  explicit Frontier(std::uint64_t records) : place_(records) {}

  void clear() noexcept {
    entries_.clear();
    left_ = 0;
  }
  /// Precondition: the record was not taken.
  void add(std::uint32_t ordinal, float weight) {
    std::uint32_t& place = place_[ordinal];  // of this page, when it leads to the record
    if (place < entries_.size() && entries_[place].ordinal == ordinal) {
      entries_[place].weight += weight;
      return;
    }
    place = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({ordinal, weight});
    ++left_;
  }
  /// Returns the heaviest, which is not there any more; ties to the one met first. Precondition: not empty.
  std::uint32_t take() {
    const auto best = std::max_element(entries_.begin(), entries_.end(),
                                       [](const Entry& a, const Entry& b) { return a.weight < b.weight; });
    best->weight = kTaken;
    --left_;
    return best->ordinal;
  }
  [[nodiscard]] bool empty() const noexcept { return left_ == 0; }

  /// The records that were not taken, the heaviest last. Nothing is added or taken after this call.
  std::vector<Entry>& rest() {
    std::erase_if(entries_, [](const Entry& entry) { return entry.weight == kTaken; });
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.weight < b.weight; });
    return entries_;
  }

 private:
  static constexpr float kTaken = -1;

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> place_;  ///< of each record, where its entry was last
  std::size_t left_ = 0;
};

class Packer {
 public:
  Packer(const RecordImage& image, std::uint32_t slots)
      : image_(image),
        slots_(slots),
        placed_(image.count(), false),
        list_(image.shape().degree),
        frontier_(image.count()) {
    order_.reserve(image.count());
  }

  std::vector<std::uint32_t> run() {
    while (order_.size() < image_.count()) fill_page();
    return std::move(order_);
  }

 private:
  // Left-over records of recent pages; older ones are forgotten, to bound the memory, and found again by the scan.
  static constexpr std::size_t kMostSeeds = 65'536;

  void fill_page() {
    frontier_.clear();
    place(next_seed());
    for (std::uint32_t filled = 1; filled < slots_ && order_.size() < image_.count(); ++filled) {
      place(frontier_.empty() ? next_seed() : frontier_.take());
    }
    for (const auto& entry : frontier_.rest()) seeds_.push_back(entry.ordinal);
    while (seeds_.size() > kMostSeeds) seeds_.pop_front();
  }

  void place(std::uint32_t ordinal) {
    placed_[ordinal] = true;
    order_.push_back(ordinal);
    const std::uint32_t degree = format::unpack_neighbors(image_.shape(), image_.record(ordinal), list_.data());
    for (std::uint32_t rank = 0; rank < degree; ++rank) {
      // Lists are sorted by distance, so the rank tells how near an edge is.
      if (!placed_[list_[rank]]) frontier_.add(list_[rank], 1.0F / (2.0F + static_cast<float>(rank)));
    }
  }

  std::uint32_t next_seed() {
    while (!seeds_.empty()) {
      const std::uint32_t seed = seeds_.back();
      seeds_.pop_back();
      if (!placed_[seed]) return seed;
    }
    while (placed_[scan_]) ++scan_;
    return scan_;
  }

  const RecordImage& image_;
  const std::uint32_t slots_;
  std::vector<bool> placed_;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> list_;
  Frontier frontier_;
  std::deque<std::uint32_t> seeds_;
  std::uint32_t scan_ = 0;
};

}  // namespace

std::vector<std::uint32_t> pack(const RecordImage& image, std::uint32_t slots) {
  return Packer(image, slots).run();
}

}  // namespace nearline::engine
