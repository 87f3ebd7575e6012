// SPDX-License-Identifier: Apache-2.0
#include "engine/make/plan.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "engine/threads.h"
#include "io/memory_info.h"
#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kUnbounded = ~std::uint64_t{0};

BuildOptions within(std::uint64_t memory_bytes) {
  BuildOptions options;
  options.memory_bytes = memory_bytes;
  options.layout = Layout::kLean;
  return options;
}

struct Case {
  std::uint64_t count;
  Schema schema;
  std::uint32_t degree;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {1, {1, ElementType::kU8, Metric::kL2}, 32},
      {5'000, {8, ElementType::kU8, Metric::kL2}, 32},
      {100'000, {128, ElementType::kU8, Metric::kL2}, 32},
      {100'000, {512, ElementType::kF16, Metric::kCosine}, 64},
      {1'000'000, {128, ElementType::kU8, Metric::kL2}, 32},
      {10'000'000, {1024, ElementType::kF32, Metric::kIp}, 32},
      {500, {65'535, ElementType::kF32, Metric::kL2}, 4},
      {kMaxRecords, {16, ElementType::kB1, Metric::kHamming}, 1024},
      {kMaxRecords, {65'535, ElementType::kF32, Metric::kL2}, 1024},
  };
  return all;
}

}  // namespace

TEST_SUITE("engine/make/plan") {
  TEST_CASE("the least budget that is named works, and one byte less is refused, naming it") {
    for (const Case& c : cases()) {
      CAPTURE(c.count);
      CAPTURE(c.schema.dim);
      BuildOptions options = within(kUnbounded);
      options.degree = c.degree;
      options.l_build = 1024;
      const auto whole = plan_build(c.count, c.schema, options, 4);
      REQUIRE(whole);
      REQUIRE(whole->parts == 1);
      REQUIRE(whole->least_bytes <= whole->memory_bytes);
      options.memory_bytes = whole->least_bytes;
      const auto least = plan_build(c.count, c.schema, options, 4);
      REQUIRE(least);
      CHECK(least->memory_bytes <= options.memory_bytes);
      CHECK(least->least_bytes == whole->least_bytes);
      --options.memory_bytes;
      const auto refused = plan_build(c.count, c.schema, options, 4);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kOverBudget);
      CHECK(refused.error().what.find(std::to_string(whole->least_bytes)) != std::string::npos);
    }
  }

  TEST_CASE("a larger budget never means more parts, and every plan keeps to its budget and its parts have room") {
    for (const Case& c : cases()) {
      CAPTURE(c.count);
      BuildOptions options = within(kUnbounded);
      options.degree = c.degree;
      options.l_build = 1024;
      const auto whole = plan_build(c.count, c.schema, options, 4);
      REQUIRE(whole);
      std::uint32_t before = 0xFFFF'FFFF, codes = 0;
      for (int step = 0; step <= 40; ++step) {
        options.memory_bytes =
            whole->least_bytes + (whole->memory_bytes - whole->least_bytes) / 40 * static_cast<unsigned>(step);
        const auto plan = plan_build(c.count, c.schema, options, 4);
        REQUIRE(plan);
        // Codes, which a build has once there is room for learning them, take some memory from the parts.
        if (plan->code_bytes == codes) CHECK(plan->parts <= before);
        before = plan->parts;
        codes = plan->code_bytes;
        CHECK(plan->memory_bytes <= options.memory_bytes);
        CHECK(plan->file_shape == whole->file_shape);
        if (plan->parts == 1) continue;
        CHECK(plan->parts <= 4096);
        CHECK(plan->parts * plan->part_records >= 2 * c.count);
        CHECK(plan->image_shape.pages(plan->part_records) * plan->image_shape.page_bytes <= options.memory_bytes);
      }
      options.memory_bytes = whole->memory_bytes;
      CHECK(plan_build(c.count, c.schema, options, 4)->parts == 1);
    }
  }

  TEST_CASE("an image's records have room for the file's") {
    for (const Case& c : cases()) {
      CAPTURE(c.schema.dim);
      BuildOptions options = within(kUnbounded);
      options.degree = c.degree;
      options.l_build = 1024;
      const auto plan = plan_build(c.count, c.schema, options, 8);
      REQUIRE(plan);
      const format::PageShape& file = plan->file_shape;
      const format::PageShape& image = plan->image_shape;
      CHECK(file.degree == c.degree);
      CHECK(file.id_bytes == 8);
      CHECK(image.degree >= file.degree);
      CHECK(image.slots >= 1);
      CHECK(image.slot_bytes >= file.slot_bytes);
      CHECK(image.list_place() == file.list_place());
      CHECK(sizeof(format::GraphPageHeader) + std::uint64_t{image.slots} * image.slot_bytes + format::kSealBytes <=
            image.page_bytes);
    }
  }

  TEST_CASE("left to itself a build makes fused pages where searches will have no room for the codes of all records") {
    const Schema schema{128, ElementType::kU8, Metric::kL2};
    const auto layout = [&](std::uint64_t count, const BuildOptions& options) {
      const auto plan = plan_build(count, schema, options, 4);
      REQUIRE(plan);
      CHECK(plan->fused == (plan->file_shape.layout == Layout::kFused));
      return plan->file_shape.layout;
    };
    BuildOptions options = within(kUnbounded);
    const auto lean = plan_build(1'000'000, schema, options, 4);
    REQUIRE(lean);
    options.layout = Layout::kAuto;
    CHECK(layout(1'000'000, options) == Layout::kLean);
    CHECK(layout(4'000'000, options) == Layout::kFused);
    options.search_memory_bytes = least_search_bytes(search_needs(*lean, 1'000'000, schema, true), 1, IoMode::kPread);
    CHECK(layout(1'000'000, options) == Layout::kLean);
    --options.search_memory_bytes;
    CHECK(layout(1'000'000, options) == Layout::kFused);
    options.code_bytes = 0;
    CHECK(layout(1'000'000, options) == Layout::kLean);
    options.code_bytes = Count::kAuto;
    options.memory_bytes = lean->least_bytes;  // what can be built as lean pages is built
    const auto least = plan_build(1'000'000, schema, options, 4);
    REQUIRE(least);
    CHECK(least->memory_bytes <= options.memory_bytes);
    CHECK(least->least_bytes == lean->least_bytes);
  }

  TEST_CASE("schemas and options outside their ranges are refused, naming what was found") {
    const Schema good{8, ElementType::kF32, Metric::kL2};
    CHECK(check_build(good, {}));
    CHECK(check_build({1, ElementType::kB1, Metric::kJaccard}, {}));
    CHECK(check_build({65'535, ElementType::kI8, Metric::kCosine}, {}));
    struct Bad {
      Schema schema;
      void (*change)(BuildOptions&);
      const char* found;
    };
    const auto none = [](BuildOptions&) {};
    const Bad bad[] = {
        {{0, ElementType::kF32, Metric::kL2}, none, "dimension of 0"},
        {{65'536, ElementType::kF32, Metric::kL2}, none, "dimension of 65536"},
        {{8, ElementType::kB1, Metric::kL2}, none, "metric of l2 over b1"},
        {{8, ElementType::kF32, Metric::kHamming}, none, "metric of hamming over f32"},
        {good, [](BuildOptions& o) { o.degree = 3; }, "degree R of 3"},
        {good, [](BuildOptions& o) { o.degree = 1025, o.l_build = 2000; }, "degree R of 1025"},
        {good, [](BuildOptions& o) { o.l_build = 31; }, "l_build of 31"},
        {good, [](BuildOptions& o) { o.l_build = 4097; }, "l_build of 4097"},
        {good, [](BuildOptions& o) { o.alpha = 0.99F; }, "alpha of 0.99"},
        {good, [](BuildOptions& o) { o.alpha = 2.01F; }, "alpha of 2.01"},
        {good, [](BuildOptions& o) { o.alpha = std::numeric_limits<float>::quiet_NaN(); }, "alpha of nan"},
        {good, [](BuildOptions& o) { o.threads = 1025; }, "threads of 1025"},
    };
    for (const Bad& b : bad) {
      CAPTURE(b.found);
      BuildOptions options;
      b.change(options);
      const auto checked = check_build(b.schema, options);
      REQUIRE_FALSE(checked);
      CHECK(checked.error().code == Code::kInvalidArgument);
      CHECK(checked.error().what.find(b.found) == 0);
    }
  }

  TEST_CASE("no threads asked for means one per processor, and none at all is refused") {
    CHECK(thread_count(3) == 3);
    CHECK(thread_count(Count::kAuto) == io::processor_count());
    CHECK(check_threads(kMostThreads));
    CHECK(check_threads(0).error().code == Code::kInvalidArgument);
    CHECK(check_threads(kMostThreads + 1).error().what.find("threads of 1025: expected 1 to 1024") == 0);
  }
}

}  // namespace nearline::engine
