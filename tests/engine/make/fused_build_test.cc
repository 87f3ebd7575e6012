// SPDX-License-Identifier: Apache-2.0
/// What a build of fused pages decides.
#include <doctest/doctest.h>

#include "engine/make/fused_form.h"
#include "engine/make/fused_targets.h"

namespace nearline::engine {
namespace {

format::PageShape lean(std::uint32_t dim, ElementType type, std::uint32_t degree = 32) {
  return format::PageShape::choose(1'000'000, dim, type, Metric::kL2, degree, 4);
}

using Lists = std::vector<std::vector<std::uint32_t>>;
using Ordinals = std::vector<std::uint32_t>;

}  // namespace

TEST_SUITE("engine/make/fused_build") {
  TEST_CASE("targets are what stands on other pages, once each, in order") {
    CHECK(choose_targets(Lists{{11, 3, 40}, {10, 3}, {12, 9}}, 10, 3, 100) == Ordinals{3, 9, 40});
    CHECK(choose_targets(Lists{{}, {0}}, 0, 2, 100).empty());
  }

  TEST_CASE("where there is no room, near neighbours and those of several records stay") {
    CHECK(choose_targets(Lists{{50, 60, 70}, {55, 65, 75}}, 0, 2, 4) == Ordinals{50, 55, 60, 65});
    CHECK(choose_targets(Lists{{50, 60, 70}, {55, 65, 70}}, 0, 2, 1) == Ordinals{70});
    CHECK(choose_targets(Lists{{9, 8, 7}}, 20, 1, 2) == Ordinals{8, 9});
  }

  TEST_CASE("pages are as small as holds records and the codes of most of their neighbours") {
    const auto form = choose_fused_form(lean(128, ElementType::kU8), 36, Count::kAuto);
    CHECK(form.page_bytes == 4096);
    CHECK(form.slots == 4);
    CHECK(form.targets == 87);
    const auto wide = choose_fused_form(lean(512, ElementType::kF16), 52, Count::kAuto);
    CHECK(wide.page_bytes == 4096);
    CHECK(wide.slots == 2);
    CHECK(fused_code_bytes(lean(128, ElementType::kU8), Count::kAuto) == 36);
    CHECK(fused_code_bytes(lean(128, ElementType::kU8), 6) < 36);  // more records leave less room
    CHECK(fused_code_bytes(lean(512, ElementType::kF16), Count::kAuto) == 52);
    const auto few = choose_fused_form(lean(128, ElementType::kU8, 4), 36, 2);
    CHECK(few.targets == 8);  // no more room than there can be neighbours
  }

  TEST_CASE("whatever is asked for fits, or is refused") {
    for (const std::uint32_t dim : {1U, 8U, 128U, 512U, 1536U, 4096U}) {
      for (const ElementType type : {ElementType::kU8, ElementType::kF16}) {
        for (const std::uint32_t degree : {4U, 32U, 1024U}) {
          for (const std::uint32_t code_bytes : {5U, 36U, 68U}) {
            for (const std::uint32_t records : {Count::kAuto, 1U, 3U, 6U, 1000U}) {
              CAPTURE(dim);
              CAPTURE(degree);
              CAPTURE(records);
              const auto shape = lean(dim, type, degree);
              const auto form = choose_fused_form(shape, code_bytes, records);
              if (form.slots == 0) {
                CHECK((records == 1000 || degree == 1024 || (records != Count::kAuto && records > 1 && dim >= 1536)));
                continue;
              }
              CHECK(format::is_possible(format::fused_shape(shape, form)));
              CHECK((records == Count::kAuto || form.slots == records));
            }
          }
        }
      }
    }
  }
}

}  // namespace nearline::engine
