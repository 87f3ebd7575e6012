// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/candidate_list.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <random>

namespace nearline::engine {
namespace {

/// The same by sorting everything at every step.
class Model {
 public:
  explicit Model(std::size_t capacity) : capacity_(capacity) {}

  void insert(float distance, std::uint32_t ordinal) {
    items_.push_back({{distance, ordinal}, false});
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.candidate < b.candidate; });
    if (items_.size() > capacity_) items_.pop_back();
  }
  bool expand_next(Candidate& next) {
    const auto open = std::find_if(items_.begin(), items_.end(), [](const Item& item) { return !item.expanded; });
    if (open == items_.end()) return false;
    open->expanded = true;
    next = open->candidate;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] Candidate operator[](std::size_t i) const { return items_[i].candidate; }

 private:
  struct Item {
    Candidate candidate;
    bool expanded;
  };
  std::size_t capacity_;
  std::vector<Item> items_;
};

bool same(const Candidate& a, const Candidate& b) {
  return a.distance == b.distance && a.ordinal == b.ordinal;
}

}  // namespace

TEST_SUITE("engine/walk/candidate_list") {
  TEST_CASE("any run of inserts and expansions leaves what sorting would leave, for every capacity up to 40") {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // Few values, so that ties are many; with all that is special about floats.
    constexpr std::array kDistances{-kInfinity, -2.5F, -1e-40F, -0.0F, 0.0F,     1e-40F,
                                    0.5F,       1.0F,  7.0F,    3e38F, kInfinity};
    std::mt19937 random(1);
    CandidateList list;
    for (std::size_t capacity = 1; capacity <= 40; ++capacity) {
      CAPTURE(capacity);
      list.reset(capacity);
      Model model(capacity);
      std::uint32_t ordinal = 0xFFFF'FFF0;  // ordinals need not be small, nor come in order
      for (int step = 0; step < 300; ++step) {
        if (random() % 3 != 0) {
          const float distance = kDistances[random() % kDistances.size()];
          ordinal = ordinal * 5 + 1;  // no value twice in 2^32 steps
          list.insert(distance, ordinal);
          model.insert(distance, ordinal);
        } else {
          Candidate mine{}, other{};
          REQUIRE(list.expand_next(kInfinity, mine) == model.expand_next(other));
          REQUIRE(same(mine, other));
        }
        REQUIRE(list.size() == model.size());
        for (std::size_t i = 0; i < model.size(); ++i) REQUIRE(same(list[i], model[i]));
      }
    }
  }

  TEST_CASE("a list that was reset knows nothing of what it held, and takes no more memory for less capacity") {
    CandidateList list;
    list.reset(100);
    for (std::uint32_t i = 0; i < 200; ++i) list.insert(static_cast<float>(i), i);
    const auto bytes = list.memory_bytes();
    list.reset(3);
    CHECK(list.size() == 0);
    Candidate next{};
    CHECK_FALSE(list.expand_next(1e9F, next));
    list.insert(5, 1);
    CHECK_FALSE(list.expand_next(4.9F, next));
    REQUIRE(list.expand_next(5, next));
    CHECK(next.ordinal == 1);
    CHECK(list.memory_bytes() == bytes);
  }
}

}  // namespace nearline::engine
