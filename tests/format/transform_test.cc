// SPDX-License-Identifier: Apache-2.0
#include "format/transform.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 81'920;
constexpr std::uint32_t kDim = 3;

TransformStep with_numbers(TransformStep step, std::vector<float> numbers) {
  step.numbers = std::make_shared<const std::vector<float>>(std::move(numbers));
  return step;
}

/// Every kind of step: records 4 -> 3, queries 2 -> 4 -> 3.
Transforms sample() {
  return {.records = {.in_dim = 4,
                      .steps = {TransformStep::normalize(), with_numbers(TransformStep::center(), {1, 2, 3, 4}),
                                with_numbers(TransformStep::pca(4), {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}),
                                TransformStep::sparse_random(4, 7),
                                TransformStep::relative(std::vector<float>{2, 0, 0, 0, 0, 5, 0, 0, 3, 0, 4, 0}, 3)}},
          .queries = {.in_dim = 2,
                      .steps = {TransformStep::matrix(std::vector<float>{1, 0, 0, 1, 0.5F, 0.5F, 2, 3}, 4),
                                TransformStep::field()}}};
}

std::vector<std::byte> encoded() {
  return encode(sample(), kDim);
}

template <class T>
std::vector<std::byte> with(std::size_t at, T value) {
  std::vector<std::byte> bytes = encoded();
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

std::size_t step_at(std::size_t i) {
  return sizeof(TransformHeader) + i * sizeof(TransformStepRow);
}

Code refusal(const std::vector<std::byte>& bytes, std::uint32_t dim = kDim) {
  const auto got = decode_transforms(bytes, dim, kAt);
  REQUIRE_FALSE(got);
  CHECK(got.error().at >= kAt);
  CHECK(got.error().at <= kAt + bytes.size());
  return got.error().code;
}

}  // namespace

TEST_SUITE("format/transform") {
  TEST_CASE("what was encoded is decoded, steps, numbers and shapes") {
    const auto got = decode_transforms(encoded(), kDim, kAt);
    REQUIRE(got);
    CHECK(encode(*got, kDim) == encoded());
    CHECK(to_text(got->records) == "normalize, center, pca(4), sparse_random(4, 7), relative(3 x 4)");
    CHECK(to_text(got->queries) == "matrix(4 x 2), field");
    CHECK(got->records.in_dim == 4);
    CHECK(got->records.out_dim() == 3);
    CHECK(got->queries.in_dim == 2);
    CHECK(*got->records.steps[1].numbers == std::vector<float>{1, 2, 3, 4});
    CHECK(*got->records.steps[4].numbers == std::vector<float>{1, 0, 0, 0, 0, 1, 0, 0, 0.6F, 0, 0.8F, 0});
    CHECK(got->records.steps[3].seed == 7);
  }

  TEST_CASE("one side alone is enough, and neither is none") {
    Transforms one = sample();
    one.queries = {};
    CHECK(decode_transforms(encode(one, kDim), kDim, kAt));
    one = {.records = {}, .queries = {.in_dim = 2, .steps = {TransformStep::matrix(std::vector<float>(6), 3)}}};
    CHECK(decode_transforms(encode(one, kDim), kDim, kAt));
    CHECK(refusal(encode(Transforms{}, kDim)) == Code::kCorrupt);
  }

  TEST_CASE("a section cut at any length, or longer by a byte, is refused") {
    auto bytes = encoded();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CHECK_FALSE(decode_transforms(std::span(bytes).first(length), kDim, kAt));
    }
    bytes.push_back({});
    CHECK(refusal(bytes) == Code::kCorrupt);
  }

  TEST_CASE("any byte changed is refused, or means what it says") {
    auto bytes = encoded();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        const std::byte before = std::exchange(bytes[at], static_cast<std::byte>(value));
        const auto got = decode_transforms(bytes, kDim, kAt);
        if (got && encode(*got, kDim) != bytes) FAIL_CHECK("byte " << at << " of " << value);
        bytes[at] = before;
      }
    }
  }

  TEST_CASE("each rule is kept") {
    CHECK(refusal(encoded(), kDim + 1) == Code::kCorrupt);
    CHECK(refusal(with(0, std::uint16_t{2})) == Code::kUnsupported);
    CHECK(refusal(with(2, std::uint16_t{17})) == Code::kCorrupt);
    CHECK(refusal(with(8, std::uint32_t{5})) == Code::kCorrupt);  // numbers of a mean of five
    CHECK(refusal(with(8, std::uint32_t{0})) == Code::kCorrupt);
    CHECK(refusal(with(16, std::uint8_t{1})) == Code::kCorrupt);  // reserved
    CHECK(refusal(with(step_at(0), std::uint16_t{8})) == Code::kUnsupported);
    CHECK(refusal(with(step_at(0), std::uint16_t{0})) == Code::kUnsupported);
    CHECK(refusal(with(step_at(0) + 2, std::uint16_t{1})) == Code::kCorrupt);  // orthogonal, and no matrix
    CHECK(refusal(with(step_at(0) + 4, std::uint32_t{5})) == Code::kCorrupt);  // more than before
    CHECK(refusal(with(step_at(0) + 8, std::uint64_t{1})) == Code::kCorrupt);  // a seed of none
    CHECK(refusal(with(step_at(2) + 4, std::uint32_t{5})) == Code::kCorrupt);  // more axes than components
    CHECK(refusal(with(step_at(3) + 4, std::uint32_t{0xFFFF'FFFF})) == Code::kCorrupt);
    CHECK(refusal(with(step_at(5), std::uint16_t{2})) == Code::kCorrupt);      // queries learn nothing
    CHECK(refusal(with(step_at(6) + 4, std::uint32_t{0})) == Code::kCorrupt);  // out_dim of field
    CHECK(refusal(with(step_at(4), std::uint16_t{7})) == Code::kCorrupt);      // records are no query
    const std::size_t numbers = step_at(7);
    CHECK(refusal(with(numbers, NAN)) == Code::kCorrupt);
    CHECK(refusal(with(numbers + 4 * 4, INFINITY)) == Code::kCorrupt);
    CHECK(refusal(with(numbers + 4 * (4 + 16), 0.0F)) == Code::kCorrupt);  // an anchor without direction
  }

  TEST_CASE("a matrix of more numbers than a transform may have is refused before it is read") {
    Transforms wide{.records = {}, .queries = {.in_dim = kMaxDim, .steps = {TransformStep::sparse_random(kDim)}}};
    auto bytes = encode(wide, kDim);
    const std::uint16_t matrix = 5;
    std::memcpy(bytes.data() + step_at(0), &matrix, sizeof matrix);
    std::memset(bytes.data() + step_at(0) + 8, 0, 8);
    CHECK(refusal(bytes) == Code::kCorrupt);
    const TransformStep square = with_numbers({.kind = StepKind::kMatrix, .out_dim = 9000}, {0});
    const auto fault = transform_fault({.in_dim = 9000, .steps = {square}}, {.dim = 9000});
    REQUIRE(fault);
    CHECK(fault->find("expected at most 268435456") != std::string::npos);
  }
}

}  // namespace nearline::format
