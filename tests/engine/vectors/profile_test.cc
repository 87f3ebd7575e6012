// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/vectors/profile_advice.h"
#include "engine/vectors/profile_dimension.h"
#include "nearline/exact.h"
#include "tests/io/temp_dir.h"

namespace nearline {
namespace {

template <class T>
VectorFile stored(const io::TempDir& dir, const std::string& file, ElementType type, std::uint32_t dim,
                  const std::vector<T>& values) {
  const auto path = dir.path() / file;
  auto writer = VectorFileWriter::create(path, type, dim, true);
  REQUIRE(writer);
  const std::size_t rows = values.size() * sizeof(T) / vector_bytes(type, dim);
  REQUIRE(writer->append({reinterpret_cast<const std::byte*>(values.data()), rows, dim, type}));
  REQUIRE(writer->finish());
  auto opened = VectorFile::open(path);
  REQUIRE(opened);
  return std::move(*opened);
}

Profile profiled(const VectorFile& file, const ProfileOptions& options = {}) {
  auto got = profile(file, options);
  REQUIRE(got);
  return std::move(*got);
}

std::vector<float> normal_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Points uniform in a ball of `inner` dimensions, turned into `outer` components by a fixed random linear map.
std::vector<float> ball(std::size_t rows, std::size_t inner, std::size_t outer) {
  const std::vector<float> map = normal_values(inner * outer, 99);
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<float> points;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<float> point = normal_values(inner, static_cast<std::uint32_t>(1000 + i));
    double squared = 0;
    for (const float value : point) squared += double{value} * double{value};
    const double scale = std::pow(uniform(random), 1.0 / static_cast<double>(inner)) / std::sqrt(squared);
    for (std::size_t c = 0; c < outer; ++c) {
      double sum = 0;
      for (std::size_t d = 0; d < inner; ++d) sum += scale * double{point[d]} * double{map[d * outer + c]};
      points.push_back(static_cast<float>(sum));
    }
  }
  return points;
}

bool mentions(const Profile& profile, const std::string& words) {
  return std::any_of(profile.advice.begin(), profile.advice.end(),
                     [&](const std::string& sentence) { return sentence.find(words) != std::string::npos; });
}

}  // namespace

TEST_SUITE("engine/vectors/profile") {
  TEST_CASE("the local dimensionality of a ball is its dimension, whatever space it lies in") {
    const io::TempDir dir;
    for (const std::size_t dimension : {2U, 4U, 8U}) {
      CAPTURE(dimension);
      const VectorFile file = stored(dir, "ball.fbin", ElementType::kF32, 16, ball(10'000, dimension, 16));
      const Profile got = profiled(file, {.sample = 300, .k = 50});
      CHECK(got.lid_k == 50);
      CHECK(got.lid_sample == 300);
      // Rows at the ball's edge see less than all around them: the estimate stays below in higher dimensions.
      CHECK(got.lid_median > 0.80 * static_cast<double>(dimension));
      CHECK(got.lid_median < 1.15 * static_cast<double>(dimension));
      CHECK(got.lid_mean == doctest::Approx(got.lid_median).epsilon(0.1));
    }
  }

  TEST_CASE("the estimate is the one of the formula") {
    const std::vector<engine::NearRow> hits = {{1, 5}, {4, 6}, {16, 7}};  // squares of 1, 2, 4
    CHECK(engine::local_dimension(hits) == doctest::Approx(3 / (std::log(4.0) + std::log(2.0))));
    CHECK(engine::local_dimension(std::span(hits).first(1)) == 0);
    CHECK(engine::local_dimension({}) == 0);
    const std::vector<engine::NearRow> equal = {{2, 0}, {2, 1}, {2, 2}};
    CHECK(engine::local_dimension(equal) == 0);
    const std::vector<engine::NearRow> endless = {{1, 5}, {4, 6}, {16, 7}, {std::numeric_limits<float>::infinity(), 8}};
    CHECK(engine::local_dimension(endless) == engine::local_dimension(hits));
  }

  TEST_CASE("a sample has different rows, all within bounds, and depends on the seed alone") {
    for (const std::uint64_t below : {0U, 1U, 5U, 100U, 1000U}) {
      CAPTURE(below);
      const auto rows = engine::sample_rows(below, 100, 1);
      CHECK(rows.size() == std::min<std::uint64_t>(below, 100));
      CHECK(std::is_sorted(rows.begin(), rows.end()));
      CHECK(std::adjacent_find(rows.begin(), rows.end()) == rows.end());
      if (!rows.empty()) CHECK(rows.back() < below);
      CHECK(engine::sample_rows(below, 100, 1) == rows);
    }
    CHECK(engine::sample_rows(1000, 100, 2) != engine::sample_rows(1000, 100, 1));
    // Each tenth of the rows is met about as often as the others.
    std::vector<int> tenths(10);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      for (const std::uint64_t row : engine::sample_rows(1000, 50, seed)) ++tenths[row / 100];
    }
    for (const int count : tenths) CHECK(std::abs(count - 500) < 100);
  }

  TEST_CASE("copies of a row do not make its neighbourhood a point") {
    const io::TempDir dir;
    const std::vector<float> once = ball(2000, 3, 8);
    std::vector<float> thrice = once;
    for (int i = 0; i < 2; ++i) thrice.insert(thrice.end(), once.begin(), once.end());
    for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kIp}) {
      CAPTURE(name(metric));
      const Profile single = profiled(stored(dir, "a.fbin", ElementType::kF32, 8, once), {.metric = metric, .k = 30});
      const Profile triple = profiled(stored(dir, "b.fbin", ElementType::kF32, 8, thrice), {.metric = metric, .k = 90});
      CHECK(single.duplicates == 0);
      CHECK(triple.duplicates == 4000);
      CHECK(triple.lid_median == doctest::Approx(single.lid_median).epsilon(0.15));
      CHECK(mentions(triple, "4000 rows (66.7 %) repeat an earlier row"));
      CHECK_FALSE(mentions(single, "repeat"));
    }
  }

  TEST_CASE("rows that a build refuses as too long are counted apart, and leave the norms finite") {
    const io::TempDir dir;
    std::vector<float> values = normal_values(std::size_t{200} * 4, 1);
    values[30 * 4] = 1e19F;  // too far from others for l2, not too long for products
    values[60 * 4 + 1] = values[70 * 4 + 2] = 3e38F;
    const VectorFile file = stored(dir, "v.fbin", ElementType::kF32, 4, values);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const Profile got = profiled(file, {.metric = metric, .k = 10});
      CHECK(got.overlong_vectors == (metric == Metric::kL2 ? 3 : 2));
      CHECK(got.first_overlong_row == (metric == Metric::kL2 ? 30 : 60));
      CHECK(got.invalid_vectors == 0);
      CHECK(std::isfinite(got.norm_max));
      CHECK(std::isfinite(got.norm_mean));
      CHECK(std::isfinite(got.lid_mean));
      CHECK(mentions(got, "too long for f32 to hold distances, the first being row"));
    }
  }

  TEST_CASE("invalid rows, zero vectors and norms are counted") {
    const io::TempDir dir;
    std::vector<float> values = normal_values(std::size_t{200} * 4, 1);
    values[40 * 4 + 2] = std::numeric_limits<float>::quiet_NaN();
    values[90 * 4] = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < 4; ++i) values[10 * 4 + i] = 0;
    for (std::size_t i = 0; i < 4; ++i) values[20 * 4 + i] = 50;  // length 100
    const VectorFile file = stored(dir, "v.fbin", ElementType::kF32, 4, values);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const Profile got = profiled(file, {.metric = metric, .k = 10});
      CHECK(got.rows == 200);
      CHECK(got.dim == 4);
      CHECK(got.type == ElementType::kF32);
      CHECK(got.invalid_vectors == 2);
      CHECK(got.first_invalid_row == 40);
      CHECK(got.zero_vectors == 1);
      CHECK(got.norm_min == 0);
      CHECK(got.norm_max == 100);
      CHECK(got.lid_sample == (metric == Metric::kL2 ? 198 : 197));
      CHECK(std::isfinite(got.lid_mean));
      CHECK(mentions(got, "2 rows with NaN or infinity, the first being row 40, must be removed"));
      CHECK(mentions(got, "1 zero vector must be removed") == (metric == Metric::kCosine));
      CHECK(mentions(got, "Lengths vary") == (metric == Metric::kIp));
      double sum = 0;
      for (std::size_t i = 0; i < 200; ++i) {
        double squared = 0;
        for (std::size_t c = 0; c < 4; ++c) squared += double{values[4 * i + c]} * double{values[4 * i + c]};
        if (i != 40 && i != 90) sum += std::sqrt(squared);
      }
      CHECK(got.norm_mean == doctest::Approx(sum / 198).epsilon(1e-6));
    }
  }

  TEST_CASE("vectors too short for f32 to square have a length, and under cosine a direction down to 1e-28") {
    const io::TempDir dir;
    std::vector<float> values = normal_values(std::size_t{200} * 4, 1);
    for (std::size_t i = 0; i < 4; ++i) values[10 * 4 + i] = 5e-23F;
    for (std::size_t i = 0; i < 4; ++i) values[20 * 4 + i] = 5e-30F;
    const VectorFile file = stored(dir, "v.fbin", ElementType::kF32, 4, values);
    CHECK(profiled(file, {.metric = Metric::kL2, .k = 10}).zero_vectors == 0);
    const Profile got = profiled(file, {.metric = Metric::kCosine, .k = 10});
    CHECK(got.zero_vectors == 1);
    CHECK(got.norm_min == doctest::Approx(1e-29));
    CHECK(mentions(got, "1 zero vector must be removed"));
  }

  TEST_CASE("components with one value in all rows are counted, for values of any size") {
    const io::TempDir dir;
    std::vector<float> floats = normal_values(std::size_t{50} * 5, 1);
    for (std::size_t i = 0; i < 50; ++i) floats[5 * i + 1] = floats[5 * i + 4] = 2.5F;
    floats[5 * 30 + 4] = std::nextafter(2.5F, 3.0F);  // one bit, in one row
    CHECK(profiled(stored(dir, "v.fbin", ElementType::kF32, 5, floats)).constant_components == 1);

    std::vector<std::uint8_t> bytes(std::size_t{50} * 7, 9);
    for (std::size_t i = 0; i < 50; ++i) bytes[7 * i + 3] = static_cast<std::uint8_t>(i);
    const Profile of_bytes = profiled(stored(dir, "v.u8bin", ElementType::kU8, 7, bytes), {.k = 10});
    CHECK(of_bytes.constant_components == 6);
    CHECK(mentions(of_bytes, "6 of 7 components have one value in all rows"));

    std::vector<std::uint8_t> bits(std::size_t{50} * 2, 0);  // eleven bits a row, of which the first two vary
    for (std::size_t i = 0; i < 50; ++i) bits[2 * i] = static_cast<std::uint8_t>(i % 4);
    const Profile of_bits = profiled(stored(dir, "v.bbin", ElementType::kB1, 11, bits), {.metric = Metric::kHamming});
    CHECK(of_bits.constant_components == 9);
    CHECK(of_bits.duplicates == 46);
    CHECK(of_bits.zero_vectors == 13);
    CHECK(of_bits.norm_max == doctest::Approx(std::sqrt(2.0)));
  }

  TEST_CASE("the profile depends on neither threads nor blocks") {
    const io::TempDir dir;
    const VectorFile file = stored(dir, "v.fbin", ElementType::kF32, 6, normal_values(std::size_t{5000} * 6, 3));
    const Profile want = profiled(file, {.metric = Metric::kCosine, .sample = 200, .k = 20, .threads = 1});
    for (const std::uint32_t threads : {2U, 5U}) {
      const Profile got = profiled(file, {.metric = Metric::kCosine, .sample = 200, .k = 20, .threads = threads});
      CHECK(got.lid_mean == want.lid_mean);
      CHECK(got.lid_median == want.lid_median);
      CHECK(got.norm_mean == want.norm_mean);
      CHECK(got.constant_components == want.constant_components);
      CHECK(got.advice == want.advice);
    }
  }

  TEST_CASE("files of few rows have a profile without dimensionality") {
    const io::TempDir dir;
    for (const std::size_t rows : {0U, 1U, 2U}) {
      CAPTURE(rows);
      const Profile got = profiled(stored(dir, "v.fbin", ElementType::kF32, 3, normal_values(rows * 3, 1)));
      CHECK(got.rows == rows);
      CHECK(got.lid_sample == 0);
      CHECK(got.lid_mean == 0);
      CHECK_FALSE(got.advice.empty());
    }
    const Profile three = profiled(stored(dir, "v.fbin", ElementType::kF32, 3, normal_values(9, 1)));
    CHECK(three.lid_k == 2);
    CHECK(three.lid_sample == 3);
  }

  TEST_CASE("a metric that does not fit is refused, and progress may cancel") {
    const io::TempDir dir;
    const VectorFile file = stored(dir, "v.fbin", ElementType::kF32, 3, normal_values(90, 1));
    auto refused = profile(file, {.metric = Metric::kHamming});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalidArgument);
    for (const char* phase : {"rows", "dimensionality"}) {
      ProfileOptions options;
      options.progress = [&](const Progress& progress) { return progress.phase != phase; };
      auto cancelled = profile(file, options);
      REQUIRE_FALSE(cancelled);
      CHECK(cancelled.error().code == Code::kCancelled);
    }
  }

  TEST_CASE("advice says what the figures mean, and only what they mean") {
    Profile plain;
    plain.rows = 1'000'000;
    plain.dim = 128;
    plain.norm_min = 3;
    plain.norm_mean = 3.05;
    plain.norm_max = 3.1;
    plain.lid_sample = 1000;
    struct Case {
      double lid;
      const char* words;
    };
    for (const Case& expected : {Case{8, "is low"}, Case{20, "is moderate"}, Case{45, "is high"}}) {
      plain.lid_mean = plain.lid_median = expected.lid;
      const auto said = engine::advice(plain, Metric::kIp);
      REQUIRE(said.size() == 1);
      CHECK(said[0].find(expected.words) != std::string::npos);
    }
    const auto with = [&](auto change, Metric metric) {
      Profile changed = plain;
      changed.lid_sample = 0;
      change(changed);
      const auto said = engine::advice(changed, metric);
      return said.size() == 1 ? said[0] : std::to_string(said.size()) + " sentences";
    };
    const auto has = [](const std::string& text, const char* words) { return text.find(words) != std::string::npos; };
    CHECK(has(with([](Profile& p) { p.rows = 1000; }, Metric::kL2), "gains little"));
    CHECK(has(with([](Profile& p) { p.norm_min = 1; }, Metric::kIp), "Lengths vary from 1 to 3.1"));
    CHECK(has(with([](Profile& p) { p.norm_min = 1; }, Metric::kL2), "0 sentences"));
    CHECK(has(with([](Profile& p) { p.norm_min = p.norm_max = 1; }, Metric::kIp), "l2, ip and cosine give the same"));
    CHECK(has(with([](Profile& p) { p.duplicates = 1; }, Metric::kL2), "1 row (0.0001 %) repeat"));
    CHECK(has(with([](Profile& p) { p.constant_components = 3; }, Metric::kL2), "cannot change the order"));
    CHECK(has(with([](Profile& p) { p.constant_components = 3; }, Metric::kCosine), "where that value is 0"));
    CHECK(engine::advice({}, Metric::kL2) == std::vector<std::string>{"The file holds no vectors."});
  }
}

}  // namespace nearline
