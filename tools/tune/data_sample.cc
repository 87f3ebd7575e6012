// SPDX-License-Identifier: Apache-2.0
#include "tools/tune/data_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "nearline/index.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::uint64_t kLeastRecords = 2000;
constexpr std::uint64_t kHeldOut = 200;
constexpr std::uint64_t kMostQueries = 1000;  ///< of a file: more would say the same
constexpr std::uint64_t kRowsBetweenLooks = 4096;

/// splitmix64: one well mixed number for each of a counter.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x += 0x9E37'79B9'7F4A'7C15U;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9U;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBU;
  return x ^ (x >> 31);
}

/// One of each of `count` equal stretches of [0, total).
std::vector<std::uint64_t> picks(std::uint64_t total, std::uint64_t count, std::uint64_t seed) {
  std::vector<std::uint64_t> rows(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t first = total / count * i + std::min(i, total % count);
    const std::uint64_t size = total / count + (i < total % count ? 1 : 0);
    rows[i] = first + mixed(seed * count + i) % size;
  }
  return rows;
}

Error invalid(const DataSource& source, std::string what) {
  return {Code::kInvalidArgument, std::move(what), source.input.string()};
}

Result<void> check(const DataSource& source, const DataSample& sample) {
  if (sample.total < kLeastRecords)
    return invalid(source, fmt::format("records: expected at least {} to measure on, found {}; so few are compared "
                                       "with all at once, and need no tuning",
                                       kLeastRecords, sample.total));
  if (!compatible(sample.schema.metric, sample.schema.type))
    return invalid(source, fmt::format("metric {}: expected one that compares {}, found one that does not",
                                       name(sample.schema.metric), name(sample.schema.type)));
  return {};
}

/// Every so many of the rows that were read become queries, up to kHeldOut; the others stay.
void hold_out(DataSample& sample, std::uint64_t count) {
  const std::size_t bytes = vector_bytes(sample.schema.type, sample.schema.dim);
  std::vector<std::byte> kept;
  kept.reserve((count - kHeldOut) * bytes);
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool query = i * kHeldOut / count != (i + 1) * kHeldOut / count;
    auto& to = query ? sample.query_bytes : kept;
    const auto row = sample.row_bytes.begin() + static_cast<std::ptrdiff_t>(i * bytes);
    to.insert(to.end(), row, row + static_cast<std::ptrdiff_t>(bytes));
  }
  sample.row_bytes = std::move(kept);
  sample.queries = {sample.query_bytes.data(), static_cast<std::size_t>(kHeldOut), sample.schema.dim,
                    sample.schema.type};
}

Result<void> read_queries(const DataSource& source, DataSample& sample) {
  NEARLINE_TRY(file, open_vectors(source.queries));
  const std::string where = source.queries.string();
  if (file.dim() != sample.schema.dim)
    return Error{Code::kInvalidArgument,
                 fmt::format("dimension: expected {} as in the vectors, found {}", sample.schema.dim, file.dim()),
                 where};
  if (file.type() != sample.schema.type)
    return Error{
        Code::kInvalidArgument,
        fmt::format("type: expected {} as in the vectors, found {}", name(sample.schema.type), name(file.type())),
        where};
  if (file.rows() == 0) return Error{Code::kBadInput, "queries: expected at least 1, found 0", where};
  const std::uint64_t rows = std::min(file.rows(), kMostQueries);
  sample.query_bytes.resize(rows * vector_bytes(file.type(), file.dim()));
  NEARLINE_CHECK(file.read(0, rows, sample.query_bytes));
  sample.queries = {sample.query_bytes.data(), static_cast<std::size_t>(rows), file.dim(), file.type()};
  return {};
}

Result<void> read_vectors(const VectorFile& file, std::span<const std::uint64_t> rows, const ProgressFn& progress,
                          DataSample& sample) {
  const std::size_t bytes = vector_bytes(file.type(), file.dim());
  sample.row_bytes.resize(rows.size() * bytes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsBetweenLooks == 0 && !progress({"sample", i, rows.size()}))
      return Error{Code::kCancelled, "stopped while reading", file.path().string()};
    NEARLINE_CHECK(file.read(rows[i], 1, std::span(sample.row_bytes).subspan(i * bytes, bytes)));
  }
  return {};
}

}  // namespace

Result<DataSample> draw_data(const DataSource& source, const ProgressFn& progress) {
  DataSample sample;
  auto file = open_vectors(source.input);
  std::optional<Index> index;
  if (!file) {
    if (file.error().code != Code::kInvalidArgument) return std::move(file).error();  // of an extension it knows
    NEARLINE_TRY(opened,
                 Index::open(source.input, {.io = IoMode::kPread, .threads = 1, .untrusted = source.untrusted}));
    sample.total = opened.info().count;
    sample.schema = opened.info().schema;
    sample.schema.transform = sample.schema.query_transform = {};  // of vectors that are stored already
    index = std::move(opened);
  } else {
    sample.total = file->rows();
    sample.schema = {file->dim(), file->type(), file->type() == ElementType::kB1 ? Metric::kHamming : Metric::kL2};
  }
  sample.schema.metric = source.metric.value_or(sample.schema.metric);
  NEARLINE_CHECK(check(source, sample));
  const std::uint64_t extra = source.queries.empty() ? kHeldOut : 0;
  const std::uint64_t count = std::min<std::uint64_t>(sample.total, source.rows + extra);
  if (index) {
    NEARLINE_TRY(ids, index->sample_ids(count, source.seed));
    sample.row_bytes.resize(count * vector_bytes(sample.schema.type, sample.schema.dim));
    NEARLINE_CHECK(index->get(ids, sample.row_bytes));
  } else {
    NEARLINE_CHECK(read_vectors(*file, picks(sample.total, count, source.seed), progress, sample));
  }
  if (source.queries.empty()) {
    hold_out(sample, count);
  } else {
    NEARLINE_CHECK(read_queries(source, sample));
  }
  sample.rows = {sample.row_bytes.data(), static_cast<std::size_t>(count - extra), sample.schema.dim,
                 sample.schema.type};
  return sample;
}

std::vector<ElementType> types_for(const DataSample& sample) {
  std::vector types = {sample.schema.type};
  if (sample.schema.type != ElementType::kF32) return types;
  types.push_back(ElementType::kF16);
  bool u8 = true, i8 = true;
  for (const auto* bytes : {&sample.row_bytes, &sample.query_bytes}) {
    for (std::size_t at = 0; at < bytes->size() && (u8 || i8); at += sizeof(float)) {
      float value;
      std::memcpy(&value, bytes->data() + at, sizeof value);
      const bool small = value >= -128 && value <= 255;
      const bool whole = small && value == static_cast<float>(static_cast<int>(value));
      u8 = u8 && whole && value >= 0;
      i8 = i8 && whole && value <= 127;
    }
  }
  if (u8 || i8) types.push_back(u8 ? ElementType::kU8 : ElementType::kI8);
  return types;
}

}  // namespace nearline::tools
