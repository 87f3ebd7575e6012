// SPDX-License-Identifier: Apache-2.0
#include "engine/make/calibrate.h"

#include <doctest/doctest.h>

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
