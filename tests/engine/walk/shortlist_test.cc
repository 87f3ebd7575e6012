// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/shortlist.h"

#include <doctest/doctest.h>

namespace nearline::engine {
namespace {

using State = Shortlist::State;

std::vector<std::uint32_t> ordinals(const Shortlist& list) {
  std::vector<std::uint32_t> all;
  for (std::size_t i = 0; i < list.size(); ++i) all.push_back(list[i].ordinal);
  return all;
}

}  // namespace

TEST_SUITE("engine/walk/shortlist") {
  TEST_CASE("it keeps the nearest in order, and says what it would not keep") {
    Shortlist list;
    list.reset(3, 0, 1);
    for (const std::uint32_t o : {5U, 1U, 4U, 2U}) {
      if (list.keeps(static_cast<float>(o), o)) list.guess(static_cast<float>(o), o, false);
    }
    CHECK(ordinals(list) == std::vector<std::uint32_t>{1, 2, 4});
    CHECK_FALSE(list.keeps(4, 4));
    CHECK(list.keeps(3, 3));
  }

  TEST_CASE("what may not be an answer takes no place from what may, and what is behind the last that may goes") {
    Shortlist list;
    list.reset(2, 5, 1);
    const std::byte mark{1};
    list.arrive(1, 1, &mark, false);
    list.guess(5, 5, false, true);
    list.arrive(3, 3, &mark, false);
    list.guess(7, 7, false, true);
    CHECK(ordinals(list) == std::vector<std::uint32_t>{1, 3, 5, 7});
    CHECK_FALSE(list.keeps(8, 8));
    list.guess(6, 6, false, false);
    CHECK(ordinals(list) == std::vector<std::uint32_t>{1, 3, 5, 6, 7});
    list.guess(4, 4, false, true);
    CHECK(ordinals(list) == std::vector<std::uint32_t>{1, 3, 4, 5});
    CHECK_FALSE(list.short_of_room());
    list.take_out(4, 1);  // one answer less: there is room behind the last again
    CHECK(list.keeps(100, 100));
    list.guess(100, 100, false, false);
    list.guess(99, 99, false, false);
    CHECK(list.short_of_room());
    CHECK_FALSE(list.keeps(101, 101));
  }

  TEST_CASE("taking out what may not be an answer leaves the bound where the last answer is") {
    Shortlist list;
    list.reset(2, 5, 1);
    list.guess(1, 1, false, true);
    list.guess(2, 2, false, false);
    list.guess(3, 3, false, true);
    list.take_out(2, 1);
    CHECK_FALSE(list.keeps(4, 4));
    CHECK(list.keeps(2.5F, 6));
  }

  TEST_CASE("a page that comes takes its guesses out, and nothing else") {
    Shortlist list;
    list.reset(8, 0, 1);
    for (std::uint32_t o = 8; o < 14; ++o) list.guess(static_cast<float>(o), o, o % 2 == 0);
    const std::byte mark{7};
    list.arrive(0.5F, 9 + 100, &mark);
    list.take_out(10, 3);
    CHECK(ordinals(list) == std::vector<std::uint32_t>{109, 8, 9, 13});
  }

  TEST_CASE("candidates are served by state, the nearest first") {
    Shortlist list;
    list.reset(4, 0, 1);
    const std::byte marks[] = {std::byte{1}, std::byte{2}};
    list.guess(1, 1, false);
    list.arrive(3, 3, &marks[0]);
    list.arrive(2, 2, &marks[1]);
    CHECK(list[list.next(State::kGuess)].ordinal == 1);
    CHECK(list[list.next(State::kHere)].ordinal == 2);
    CHECK(*list.finish(list.next(State::kHere)) == marks[1]);
    CHECK(*list.finish(list.next(State::kHere)) == marks[0]);
    CHECK(list.next(State::kHere) == Shortlist::kNone);
    list.ask(0, 2);
    CHECK(list.next(State::kGuess) == Shortlist::kNone);
  }

  TEST_CASE("lists are kept for those that are here, however many come and go") {
    Shortlist list;
    list.reset(4, 0, 2);
    for (std::uint32_t o = 1000; o > 0; --o) {
      const std::byte pair[] = {static_cast<std::byte>(o & 255), static_cast<std::byte>(o >> 8)};
      REQUIRE(list.keeps(static_cast<float>(o), o));
      list.arrive(static_cast<float>(o), o, pair);
      if (o % 3 == 0) static_cast<void>(list.finish(list.next(State::kHere)));
    }
    for (std::size_t here; (here = list.next(State::kHere)) != Shortlist::kNone;) {
      const std::uint32_t o = list[here].ordinal;
      const std::byte* pair = list.finish(here);
      CHECK(std::to_integer<std::uint32_t>(pair[0]) + 256 * std::to_integer<std::uint32_t>(pair[1]) == o);
    }
  }
}

}  // namespace nearline::engine
