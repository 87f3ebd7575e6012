// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/candidate_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <vector>

namespace nearline::engine {
namespace {

/// The same by sorting everything at every step.
class Model {
 public:
  Model(std::size_t l, std::size_t room) : l_(l), room_(room) {}

  void insert(float distance, std::uint32_t ordinal, bool admitted) {
    items_.push_back({{distance, ordinal}, admitted, false});
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.candidate < b.candidate; });
    if (items_.size() > room_) items_.pop_back();
    if (this->admitted() < l_) return;
    std::size_t end = 0;
    for (std::size_t left = l_; left > 0; ++end) left -= items_[end].admitted ? 1 : 0;
    items_.resize(end);  // the L-th that is admitted is the last
  }
  bool expand_next(Candidate& next) {
    const auto open = std::find_if(items_.begin(), items_.end(), [](const Item& item) { return !item.expanded; });
    if (open == items_.end()) return false;
    open->expanded = true;
    next = open->candidate;
    return true;
  }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] std::size_t admitted() const {
    return static_cast<std::size_t>(
        std::count_if(items_.begin(), items_.end(), [](const Item& item) { return item.admitted; }));
  }
  [[nodiscard]] Candidate operator[](std::size_t i) const { return items_[i].candidate; }
  [[nodiscard]] bool is_admitted(std::size_t i) const { return items_[i].admitted; }

 private:
  struct Item {
    Candidate candidate;
    bool admitted;
    bool expanded;
  };
  std::size_t l_;
  std::size_t room_;
  std::vector<Item> items_;
};

bool same(const Candidate& a, const Candidate& b) {
  return a.distance == b.distance && a.ordinal == b.ordinal;
}

}  // namespace

TEST_SUITE("engine/walk/candidate_list") {
  TEST_CASE("any run of inserts and expansions leaves what sorting would leave, for every L up to 40 and any room") {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // Few values, so that ties are many; with all that is special about floats.
    constexpr std::array kDistances{-kInfinity, -2.5F, -1e-40F, -0.0F, 0.0F,     1e-40F,
                                    0.5F,       1.0F,  7.0F,    3e38F, kInfinity};
    std::mt19937 random(1);
    CandidateList list;
    for (std::size_t round = 0; round < 160; ++round) {
      const std::size_t l = 1 + round % 40;
      const std::size_t room = l + (round / 40) * (random() % 20);  // none is left over in the first forty
      const unsigned passed_in_8 = random() % 8;                    // that many of eight may not be answers
      CAPTURE(l);
      CAPTURE(room);
      CAPTURE(passed_in_8);
      list.reset(l, room);
      Model model(l, room);
      std::uint32_t ordinal = 0xFFFF'FFF0;  // ordinals need not be small, nor come in order
      for (int step = 0; step < 300; ++step) {
        if (random() % 3 != 0) {
          const float distance = kDistances[random() % kDistances.size()];
          ordinal = ordinal * 5 + 1;  // no value twice in 2^32 steps
          const bool admitted = random() % 8 >= passed_in_8;
          if (distance > list.farthest()) REQUIRE_FALSE(list.insert(distance, ordinal, admitted));
          list.insert(distance, ordinal, admitted);
          model.insert(distance, ordinal, admitted);
        } else {
          Candidate mine{}, other{};
          REQUIRE(list.expand_next(kInfinity, mine) == model.expand_next(other));
          REQUIRE(same(mine, other));
        }
        REQUIRE(list.size() == model.size());
        REQUIRE(list.admitted() == model.admitted());
        for (std::size_t i = 0, nth = 0; i < model.size(); ++i) {
          REQUIRE(same(list[i], model[i]));
          REQUIRE(list.is_admitted(i) == model.is_admitted(i));
          if (list.is_admitted(i)) REQUIRE(list.nth_admitted(nth++) == list[i].distance);
        }
      }
    }
  }

  TEST_CASE("a list says that it was short of room once it is full with fewer than L that may be answers") {
    CandidateList list;
    list.reset(2, 4);
    for (std::uint32_t i = 0; i < 3; ++i) list.insert(static_cast<float>(i), i, false);
    list.insert(9, 9, true);
    CHECK(list.short_of_room());
    CHECK(list.farthest() == 9);
    list.reset(2, 4);
    for (std::uint32_t i = 0; i < 2; ++i) list.insert(static_cast<float>(i), i, false);
    list.insert(8, 8, true);
    CHECK(list.farthest() == std::numeric_limits<float>::infinity());
    list.insert(9, 9, true);
    CHECK_FALSE(list.short_of_room());
    list.insert(7, 7, true);
    CHECK(list.size() == 4);
    CHECK(list.farthest() == 8);
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
