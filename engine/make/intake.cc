// SPDX-License-Identifier: Apache-2.0
#include "engine/make/intake.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/space/convert_rows.h"
#include "engine/space/space.h"
#include "engine/space/unfit.h"
#include "format/manifest.h"

namespace nearline::engine {
namespace {

/// Rows converted at once, so that memory is bounded whatever the caller's matrix.
constexpr std::size_t kBlockBytes = 1u << 18;

Error bad_row(std::uint64_t row, const std::string& what) {
  return {.code = Code::kBadInput, .what = "vector " + std::to_string(row) + " " + what};
}

}  // namespace

Intake::Intake(const Schema& schema, std::unique_ptr<io::File> spill, io::FileSystem& fs,
               std::filesystem::path directory, std::shared_ptr<const Transformer> transform)
    : schema_(schema),
      transform_(std::move(transform)),
      spill_(std::move(spill), vector_bytes(schema.type, schema.dim)),
      values_(schema.attributes, fs, std::move(directory)) {}

Result<void> Intake::add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  const auto invalid = [](std::string what) { return Error{.code = Code::kInvalidArgument, .what = std::move(what)}; };
  const std::uint32_t dim = transform_ ? transform_->in_dim() : schema_.dim;
  if (vectors.dim != dim) {
    return invalid("vectors of dimension " + std::to_string(vectors.dim) + ": the index takes dimension " +
                   std::to_string(dim));
  }
  if (!convertible(vectors.type, schema_.type)) {
    return invalid("vectors of type " + std::string(name(vectors.type)) + ": the index takes " +
                   std::string(name(schema_.type)));
  }
  if (!ids.empty() && ids.size() != vectors.rows) {
    return invalid(std::to_string(ids.size()) + " ids for " + std::to_string(vectors.rows) +
                   " vectors: expected one each");
  }
  if (vectors.rows > kMaxRecords - count()) {
    return invalid("more than " + std::to_string(kMaxRecords) + " records: an index holds no more");
  }
  const std::uint64_t before = count();
  NEARLINE_CHECK(values_.check(data, vectors.rows, before));
  State state = state_;
  // Nothing of the call is kept where it fails, or where an allocation throws.
  struct Undo {
    Spill* spill;
    StagedValues* values;
    std::uint64_t rows, values_before;
    ~Undo() {
      if (spill == nullptr) return;
      spill->cut(rows);
      values->cut(values_before);
    }
  } undo{&spill_, &values_, before, values_.count()};
  NEARLINE_CHECK(add_rows(vectors, ids, state));
  NEARLINE_CHECK(add_values(ids, vectors.rows, data, before));
  undo.spill = nullptr;
  state_ = state;
  return {};
}

Result<void> Intake::add_values(std::span<const Id> ids, std::size_t rows, const RecordData& data,
                                std::uint64_t first) {
  if (data.names.empty() && data.payloads.empty()) return {};
  std::vector<Id> numbers;
  if (ids.empty()) {
    numbers.resize(rows);
    std::iota(numbers.begin(), numbers.end(), first);
    ids = numbers;
  }
  return values_.append(ids, data, first);
}

Result<void> Intake::add_rows(const MatrixView& vectors, std::span<const Id> ids, State& state) {
  const std::size_t bytes = vector_bytes(schema_.type, schema_.dim);
  const std::size_t block = std::max<std::size_t>(1, kBlockBytes / bytes);
  std::vector<std::byte> stored(std::min(block, vectors.rows) * bytes);
  const std::uint64_t before = count();
  for (std::size_t first = 0; first < vectors.rows; first += block) {
    const std::size_t rows = std::min(block, vectors.rows - first);
    NEARLINE_CHECK(to_stored({vectors.row(first), rows, vectors.dim, vectors.type}, before + first, stored));
    for (std::size_t i = 0; i < rows; ++i) {
      const std::byte* vector = stored.data() + i * bytes;
      const std::uint64_t row = before + first + i;
      const Id id = ids.empty() ? row : ids[first + i];
      NEARLINE_CHECK(check_row(vector, row, state));
      NEARLINE_CHECK(check_id(id, state));
      NEARLINE_CHECK(spill_.append(id, {vector, bytes}));
    }
  }
  return {};
}

Result<void> Intake::to_stored(const MatrixView& part, std::uint64_t row, std::vector<std::byte>& stored) {
  MatrixView rows = part;
  if (transform_) {
    transformed_.resize(part.rows * schema_.dim);
    if (const auto unfit = transform_->apply(part, transformed_)) return bad_row(row + unfit->row, unfit->fault);
    rows = MatrixView(transformed_.data(), part.rows, schema_.dim);
  }
  for (std::size_t i = 0; i < rows.rows; ++i) {
    if (!kernels::all_finite(rows.type, rows.row(i), rows.dim)) {
      return bad_row(row + i, "holds NaN or infinity: expected finite values");
    }
  }
  const auto misfit = convert_rows(rows, schema_.type, stored.data());
  if (!misfit) return {};
  return bad_row(row + *misfit, "holds a value that " + std::string(name(schema_.type)) +
                                    " cannot: expected values that fit the stored type");
}

Result<void> Intake::take_over(Intake& other) {
  const std::size_t bytes = vector_bytes(other.schema_.type, other.schema_.dim);
  std::vector<Id> ids;
  std::vector<std::byte> vectors;
  const auto add_some = [&]() -> Result<void> {
    NEARLINE_CHECK(add({vectors.data(), ids.size(), other.schema_.dim, other.schema_.type}, ids));
    ids.clear();
    vectors.clear();
    return {};
  };
  NEARLINE_CHECK(other.spill_.for_each([&](std::uint64_t, Id id, std::span<const std::byte> vector) -> Result<void> {
    ids.push_back(id);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    return vectors.size() + bytes > kBlockBytes ? add_some() : Result<void>{};
  }));
  if (!ids.empty()) NEARLINE_CHECK(add_some());
  begin_ids_at(other.next_id());
  values_ = std::move(other.values_);
  return {};
}

Result<void> Intake::check_row(const std::byte* vector, std::uint64_t row, State& state) const {
  if (schema_.type == ElementType::kB1) {
    const std::uint32_t used = schema_.dim % 8;
    const std::byte last = vector[vector_bytes(schema_.type, schema_.dim) - 1];
    if (used != 0 && (last >> used) != std::byte{0}) {
      return bad_row(row, "has bits beyond its dimension: expected zeros there");
    }
    return {};
  }
  if (const char* fault = unfit(schema_.metric, schema_.type, vector, schema_.dim)) return bad_row(row, fault);
  if (schema_.metric != Metric::kIp) return {};
  const float squared = kernels::squared_norm(schema_.type, vector, schema_.dim);
  state.least_squared_norm = std::min(state.least_squared_norm, squared);
  state.largest_squared_norm = std::max(state.largest_squared_norm, squared);
  return {};
}

Result<void> Intake::check_id(Id id, State& state) const {
  if (id == kNoId) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "id " + std::to_string(id) + ": expected one below, as this one pads short results"};
  }
  if (count() > 0 && id <= state.largest_id) state.ids_ascend = false;
  state.largest_id = std::max(state.largest_id, id);
  state.next_id = format::next_id_after(state.next_id, id);
  return {};
}

Result<std::vector<Id>> Intake::sorted_ids() {
  std::vector<Id> ids;
  ids.reserve(count());
  NEARLINE_CHECK(spill_.for_each([&](std::uint64_t, Id id, std::span<const std::byte>) -> Result<void> {
    ids.push_back(id);
    return {};
  }));
  std::ranges::sort(ids);
  return ids;
}

Result<void> Intake::check_ids_unique() {
  if (state_.ids_ascend) return {};
  NEARLINE_TRY(ids, sorted_ids());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = "id " + std::to_string(*twice) + " was given twice: expected one record for each id"};
}

}  // namespace nearline::engine
