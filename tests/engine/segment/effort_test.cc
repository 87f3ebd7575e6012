// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/effort.h"

#include <doctest/doctest.h>

#include <limits>

#include "engine/walk/stop_rule.h"

namespace nearline::engine {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
using format::kRankedByCodes;
using format::kRankedExactly;

format::Calibration sample() {
  return {.queries = 100,
          .norm = 0,
          .steps = {{.ranking = kRankedExactly, .k = 10, .l = 100, .slack = 0, .recall = 0.5F},
                    {.ranking = kRankedExactly, .k = 10, .l = 100, .slack = 0.5F, .recall = 0.75F},
                    {.ranking = kRankedExactly, .k = 10, .l = 200, .slack = kInfinity, .recall = 0.875F},
                    {.ranking = kRankedExactly, .k = 10, .l = 400, .slack = kInfinity, .recall = 0.9375F},
                    {.ranking = kRankedExactly, .k = 100, .l = 500, .slack = 0.25F, .recall = 0.75F},
                    {.ranking = kRankedExactly, .k = 100, .l = 800, .slack = kInfinity, .recall = 0.9F}}};
}

/// aimed: the recall asked for, and a tenth of what lacks to 1.
Effort effort(std::uint32_t k, float aimed) {
  const auto got = effort_for(sample(), kRankedExactly, k, (aimed - 0.1F) / 0.9F);
  REQUIRE_MESSAGE(got, (got ? "" : got.error().what));
  return *got;
}

}  // namespace

TEST_SUITE("engine/segment/effort") {
  TEST_CASE("a recall between two steps takes an effort between them") {
    CHECK(effort(10, 0.625F).slack == doctest::Approx(0.25));
    CHECK(effort(10, 0.625F).l == 100);
    CHECK(effort(10, 0.75F).slack == doctest::Approx(0.5));
    CHECK(effort(10, 0.90625F).l == doctest::Approx(300).epsilon(0.004));
    CHECK(effort(10, 0.90625F).slack == kInfinity);
  }

  TEST_CASE("a recall below the first step takes the first step") {
    CHECK(effort(10, 0.2F).slack == 0);
    CHECK(effort(10, 0.2F).l == 100);
  }

  TEST_CASE("between a stop by slack and a stop by length the longer walk is taken") {
    CHECK(effort(10, 0.8F).l == 200);
    CHECK(effort(10, 0.8F).slack == kInfinity);
  }

  TEST_CASE("fewer answers than were measured are looked for with as many, more with a longer list") {
    CHECK(effort(1, 0.75F).k == 10);
    CHECK(effort(1, 0.75F).l == 100);
    CHECK(effort(200, 0.75F).k == 200);
    CHECK(effort(200, 0.75F).l == 1001);
  }

  TEST_CASE("between two measured numbers of answers the effort of both is taken") {
    CHECK(effort(50, 0.75F).k == 50);
    CHECK(effort(50, 0.75F).l == 500);
    CHECK(effort(50, 0.75F).slack == doctest::Approx(0.5));
  }

  TEST_CASE("what no step reached, and a ranking that was not measured, are errors that say so") {
    const auto too_much = effort_for(sample(), kRankedExactly, 10, 0.99F);
    REQUIRE_FALSE(too_much);
    CHECK(too_much.error().code == Code::kInvalidArgument);
    CHECK(too_much.error().what.find("0.9375") != std::string::npos);
    CHECK_FALSE(effort_for(sample(), kRankedExactly, 50, 0.93F));
    const auto codes = effort_for(sample(), kRankedByCodes, 10, 0.5F);
    REQUIRE_FALSE(codes);
    CHECK(codes.error().what.find("by codes") != std::string::npos);
  }

  TEST_CASE("what was just reached can be asked for: the reserve is not") {
    const auto most = effort_for(sample(), kRankedExactly, 10, 0.9375F);
    REQUIRE(most);
    CHECK(most->l == 400);
  }

  TEST_CASE("an L is expected to reach what lists as short reached, less the reserve that a recall asked for has") {
    const auto expected = [](std::uint32_t k, std::uint32_t l) {
      return recall_for(sample(), kRankedExactly, k, l, 0);
    };
    CHECK(expected(10, 99) == 0);
    CHECK(expected(10, 100) == 0.75F);
    CHECK(expected(1, 199) == 0.75F);
    CHECK(expected(10, 10'000) == 0.9375F);
    CHECK(expected(50, 400) == 0);  // what a list of 500 found of the 100 nearest says nothing of it
    CHECK(expected(50, 500) == 0.75F);
    CHECK(expected(200, 999) == 0);
    CHECK(expected(200, 1'000) == 0.75F);
    CHECK(recall_for(sample(), kRankedByCodes, 10, 400) == 0);
    for (const float reserve : {kReserve, kFusedReserve}) {
      const float recall = recall_for(sample(), kRankedExactly, 10, 250, reserve);
      const auto effort = effort_for(sample(), kRankedExactly, 10, recall, reserve);
      REQUIRE(effort);
      CHECK(effort->l == 200);
    }
  }

  TEST_CASE("a stop rule measures from zero, whatever the sign, and infinite slack never stops") {
    CHECK(StopRule{.slack = 0.5F}.limit(2) == 3);
    CHECK(StopRule{.slack = 0.5F, .zero = -4}.limit(-2) == -1);
    CHECK(StopRule{.slack = -0.5F, .zero = 1}.limit(2) == 1.5F);
    CHECK(StopRule{}.limit(0) == kInfinity);
    CHECK(StopRule{.slack = 0.1F}.limit(0) == 0);
  }
}

}  // namespace nearline::engine
