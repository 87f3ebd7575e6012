// SPDX-License-Identifier: Apache-2.0
#include "engine/make/calibrate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "engine/make/sample_queries.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/allocations.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDim = 64;

CalibrateOptions with_memory(std::uint64_t bytes, std::uint32_t threads = 1) {
  return {.memory_bytes = bytes, .threads = threads, .progress = [](double) { return Result<void>{}; }};
}

struct Made {
  io::SimulatedDisk disk;
  explicit Made(Metric metric) {
    const auto rows = testing::clusters(ElementType::kF32, 2'000, kDim);
    REQUIRE(build_on(disk, "index", rows, {kDim, ElementType::kF32, metric}, quick_build()));
    index_ = IndexFile::open(disk, "index").value();
  }

  [[nodiscard]] SegmentFile segment() const { return index_->segments().front(); }

 private:
  std::unique_ptr<IndexFile> index_;
};

}  // namespace

TEST_SUITE("engine/make/calibrate") {
  TEST_CASE("each ranking has a curve for ten answers and for a hundred, which ends near one") {
    Made made(Metric::kIp);
    const auto found = calibrate(made.segment(), with_memory(64U << 20));
    REQUIRE(found);
    REQUIRE(found->has_value());
    const format::Calibration& calibration = **found;
    CHECK(calibration.queries == 512);
    CHECK(calibration.norm > 0);
    CHECK(format::decode_calibration(format::encode(calibration), 0));
    for (const std::uint16_t ranking : {format::kRankedExactly, format::kRankedByCodes}) {
      for (const std::uint16_t k : {std::uint16_t{10}, std::uint16_t{100}}) {
        CAPTURE(ranking);
        CAPTURE(k);
        float last = 0;
        for (const auto& step : calibration.steps) last = step.ranking == ranking && step.k == k ? step.recall : last;
        CHECK(last > 0.98F);
      }
    }
  }

  TEST_CASE("what it allocates stays within its bound, and the number of threads changes nothing") {
    Made made(Metric::kL2);
    constexpr std::uint64_t kBound = 6U << 20;
    const std::uint64_t before = testing::bytes_in_use();
    testing::reset_peak();
    const auto one = calibrate(made.segment(), with_memory(kBound));
    CHECK(testing::peak_bytes() - before <= kBound);
    REQUIRE(one);
    REQUIRE(one->has_value());
    const auto two = calibrate(made.segment(), with_memory(2 * kBound, 2));
    REQUIRE(two);
    REQUIRE(two->has_value());
    CHECK((*one)->steps == (*two)->steps);
  }

  TEST_CASE(
      "real queries are not hidden from themselves, and those of a sample come evenly from all, in the field's type") {
    Made made(Metric::kL2);
    const auto rows = testing::clusters(ElementType::kF32, 2'000, kDim);
    auto options = with_memory(64U << 20);
    options.queries = sample_of(rows.view(), {kDim, ElementType::kF32, Metric::kL2}).value();
    CHECK(options.queries.size() == 512 * vector_bytes(ElementType::kF32, kDim));
    CHECK(std::memcmp(options.queries.data(), rows.view().row(0), kDim * 4) == 0);
    CHECK(std::memcmp(options.queries.data() + 256 * kDim * 4, rows.view().row(1'000), kDim * 4) == 0);
    const auto found = calibrate(made.segment(), options);
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->source == format::CalibratedOn::kQueries);
    CHECK((*found)->queries == 512);
    // Records that lead their walks home take less effort than those that are hidden.
    const auto hidden = calibrate(made.segment(), with_memory(64U << 20));
    CHECK((*hidden)->source == format::CalibratedOn::kRecords);
    CHECK((*found)->steps[0].recall > (*hidden)->steps[0].recall);

    const auto halves = sample_of(rows.view(0, 40), {kDim, ElementType::kF16, Metric::kL2});
    REQUIRE(halves);
    CHECK(halves->size() == 40 * vector_bytes(ElementType::kF16, kDim));
  }

  TEST_CASE("what is no sample of queries is refused, naming the query") {
    const auto rows = testing::clusters(ElementType::kF32, 40, kDim);
    const Schema schema{kDim, ElementType::kF32, Metric::kCosine};
    CHECK(sample_of(rows.view(0, kLeastQueries - 1), schema).error().code == Code::kInvalidArgument);
    CHECK(sample_of(rows.view(), {kDim + 1, ElementType::kF32, Metric::kCosine}).error().code ==
          Code::kInvalidArgument);
    CHECK(sample_of(rows.view(), {kDim, ElementType::kB1, Metric::kHamming}).error().code == Code::kInvalidArgument);
    std::vector<float> bad(40 * kDim, 1);
    std::fill_n(bad.begin() + 7 * kDim, kDim, 0.0F);
    const auto zero = sample_of(MatrixView(bad.data(), 40, kDim), schema);
    REQUIRE_FALSE(zero);
    CHECK(zero.error().code == Code::kBadInput);
    CHECK(zero.error().what.starts_with("query 7 has no direction"));
    std::ranges::fill(bad, 0.5F);
    CHECK(sample_of(MatrixView(bad.data(), 40, kDim), {kDim, ElementType::kU8, Metric::kL2}).error().code ==
          Code::kBadInput);
  }

  TEST_CASE("without room for a search there is none, and that is no error") {
    Made made(Metric::kL2);
    const auto found = calibrate(made.segment(), with_memory(100'000));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
  }

  TEST_CASE("a disk that fails while it reads is an error, and so is being told to stop") {
    Made made(Metric::kL2);
    for (const std::uint64_t call : {1U, 5U, 50U}) {
      CAPTURE(call);
      made.disk.set_faults({.fail_call = made.disk.calls() + call, .error = EIO});
      const auto failed = calibrate(made.segment(), with_memory(64U << 20));
      REQUIRE_FALSE(failed);
      CHECK(failed.error().code == Code::kIo);
    }
    made.disk.set_faults({});
    auto stopped = with_memory(64U << 20);
    stopped.progress = [](double share) { return share < 0.3 ? Result<void>{} : Error{.code = Code::kCancelled}; };
    const auto told = calibrate(made.segment(), stopped);
    REQUIRE_FALSE(told);
    CHECK(told.error().code == Code::kCancelled);
  }
}

}  // namespace nearline::engine
