// SPDX-License-Identifier: Apache-2.0
/// Question: how long does one comparison of a query with a stored vector take, at usual dimensions, when the vectors
/// lie at random places of L2, of L3, or of memory (where the next batch is prefetched, as a search does)?
/// Prints time per vector and bytes per second; the target in use stands in the context.
#include <benchmark/benchmark.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"

namespace nearline::kernels {
namespace {

constexpr std::size_t kBatch = 32;  // vectors compared in one call: a page or two, or a record's neighbours

struct Shape {
  const char* label;
  Raw raw;
  ElementType type;
  std::uint32_t dim;
};

/// Bytes of the set that vectors are drawn from.
struct Place {
  const char* label;
  std::size_t bytes;
  bool prefetch;
};

void fill(const Shape& shape, std::size_t rows, std::vector<std::byte>& vectors, std::vector<std::byte>& query) {
  std::mt19937 random(1);
  const std::size_t size = vector_bytes(shape.type, shape.dim);
  vectors.resize(rows * size);
  const bool is_float = shape.type <= ElementType::kBF16;
  query.resize(is_float ? shape.dim * sizeof(float) : size);
  if (!is_float) {
    for (std::byte& byte : vectors) byte = static_cast<std::byte>(random());
    for (std::byte& byte : query) byte = static_cast<std::byte>(random());
    return;
  }
  std::vector<float> row(shape.dim);
  for (std::size_t i = 0; i <= rows; ++i) {
    for (float& value : row) value = static_cast<float>(static_cast<std::int32_t>(random())) * 0x1p-31F;
    if (i < rows) from_f32(shape.type, row.data(), shape.dim, vectors.data() + i * size);
  }
  std::memcpy(query.data(), row.data(), query.size());
}

void compare(benchmark::State& state, const Shape& shape, const Place& place) {
  const std::size_t size = vector_bytes(shape.type, shape.dim);
  const std::size_t rows = place.bytes / size;
  std::vector<std::byte> vectors;
  std::vector<std::byte> query;
  fill(shape, rows, vectors, query);
  std::mt19937 random(2);
  std::vector<const std::byte*> order(std::size_t{1} << 18);
  for (const std::byte*& pointer : order) pointer = vectors.data() + random() % rows * size;
  float out[kBatch];
  const Kernel best = kernel(shape.raw, shape.type);
  std::size_t at = 0;
  for (auto _ : state) {
    const std::size_t next = (at + kBatch) % order.size();
    if (place.prefetch) {
      for (std::size_t i = 0; i < kBatch; ++i) {
        for (std::size_t line = 0; line < size; line += 64) __builtin_prefetch(order[next + i] + line);
      }
    }
    best.many(query.data(), &order[at], kBatch, shape.dim, out);
    benchmark::DoNotOptimize(out);
    at = next;
  }
  const auto compared = static_cast<double>(state.iterations()) * static_cast<double>(kBatch);
  state.SetBytesProcessed(static_cast<std::int64_t>(compared) * static_cast<std::int64_t>(size));
  state.counters["vector"] = benchmark::Counter(compared, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void add_benchmarks() {
  static constexpr Shape kShapes[] = {
      {"l2_u8", Raw::kL2, ElementType::kU8, 128},         {"dot_u8", Raw::kDot, ElementType::kU8, 128},
      {"l2_i8", Raw::kL2, ElementType::kI8, 100},         {"l2_i8", Raw::kL2, ElementType::kI8, 1024},
      {"l2_f32", Raw::kL2, ElementType::kF32, 128},       {"dot_f32", Raw::kDot, ElementType::kF32, 100},
      {"dot_f32", Raw::kDot, ElementType::kF32, 768},     {"dot_f32", Raw::kDot, ElementType::kF32, 1536},
      {"l2_f16", Raw::kL2, ElementType::kF16, 384},       {"dot_f16", Raw::kDot, ElementType::kF16, 768},
      {"dot_bf16", Raw::kDot, ElementType::kBF16, 768},   {"hamming", Raw::kHamming, ElementType::kB1, 256},
      {"hamming", Raw::kHamming, ElementType::kB1, 1024}, {"jaccard", Raw::kJaccard, ElementType::kB1, 1024},
  };
  static constexpr Place kPlaces[] = {{"L2", std::size_t{256} << 10, false},
                                      {"L3", std::size_t{4} << 20, false},
                                      {"memory", std::size_t{256} << 20, true}};
  for (const Shape& shape : kShapes) {
    for (const Place& place : kPlaces) {
      const std::string label = std::string(shape.label) + "/" + std::to_string(shape.dim) + "/" + place.label;
      benchmark::RegisterBenchmark(label.c_str(),
                                   [&shape, &place](benchmark::State& state) { compare(state, shape, place); });
    }
  }
}

}  // namespace
}  // namespace nearline::kernels

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("target", nearline::kernels::target());
  nearline::kernels::add_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
