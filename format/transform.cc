// SPDX-License-Identifier: Apache-2.0
#include "format/transform.h"

#include <cstring>

#include "format/corrupt.h"
#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

std::uint32_t behind(const TransformStep& step, std::uint32_t before, std::uint32_t dim) noexcept {
  if (step.kind == StepKind::kField) return dim;
  return step.out_dim == 0 ? before : step.out_dim;
}

void put_rows(const Transform& transform, std::uint32_t dim, std::vector<std::byte>& bytes) {
  std::uint32_t before = transform.in_dim;
  for (const TransformStep& step : transform.steps) {
    before = behind(step, before, dim);
    TransformStepRow row{};
    row.kind = static_cast<std::uint16_t>(step.kind);
    row.flags = step.orthogonal ? kOrthogonalFlag : std::uint16_t{0};
    row.out_dim = before;
    row.seed = step.kind == StepKind::kSparseRandom ? step.seed : 0;
    const auto raw = std::as_bytes(std::span(&row, 1));
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
}

void put_numbers(const Transform& transform, std::vector<std::byte>& bytes) {
  for (const TransformStep& step : transform.steps) {
    if (!step.numbers) continue;
    const auto raw = std::as_bytes(std::span(*step.numbers));  // of a machine that is little-endian
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
}

/// A section that is being read.
struct Reading {
  std::span<const std::byte> bytes;
  std::uint64_t at;
  std::uint64_t row;      ///< place of the next step's row
  std::uint64_t numbers;  ///< place of the next step's numbers
};

Result<TransformStep> read_step(Reading& from, std::uint32_t before) {
  const auto row = row_at<TransformStepRow>(from.bytes, from.row);
  const std::uint64_t at = from.at + from.row;
  const std::uint16_t kind = row.kind, flags = row.flags;
  if (kind == 0 || kind > static_cast<std::uint16_t>(StepKind::kField)) {
    return unsupported(at, "a step of kind " + std::to_string(kind) + " of a transform: expected 1 to 7");
  }
  TransformStep step{.kind = StepKind{kind}, .out_dim = row.out_dim};
  const bool matrix = step.kind == StepKind::kMatrix, sparse = step.kind == StepKind::kSparseRandom;
  if (flags > (matrix ? kOrthogonalFlag : 0) || (!sparse && row.seed != 0) || !all_zero(row.reserved)) {
    return corrupt(at, "a step of a transform with flags, a seed or reserved bytes that its kind does not have");
  }
  if (step.out_dim == 0) return corrupt(at, "a step of a transform to 0 components: expected 1 to 65535");
  step.orthogonal = flags == kOrthogonalFlag;
  if (sparse) step.seed = row.seed;
  from.row += sizeof row;
  const std::uint64_t count = numbers_of(step.kind, before, step.out_dim);
  if (count > (from.bytes.size() - from.numbers) / sizeof(float)) {
    return corrupt(at, "a step of a transform of " + std::to_string(count) +
                           " numbers: expected as many as the section has room for");
  }
  if (count == 0) return step;
  std::vector<float> numbers(count);
  std::memcpy(numbers.data(), from.bytes.data() + from.numbers, count * sizeof(float));
  from.numbers += count * sizeof(float);
  step.numbers = std::make_shared<const std::vector<float>>(std::move(numbers));
  return step;
}

Result<Transform> read_side(Reading& from, std::uint32_t in_dim, std::uint32_t steps, const TransformRules& rules) {
  Transform transform;
  if (steps == 0) return transform;
  const std::uint64_t first = from.at + from.row;
  transform.in_dim = in_dim;
  std::uint32_t dim = in_dim;
  for (std::uint32_t i = 0; i < steps; ++i) {
    NEARLINE_TRY(step, read_step(from, dim));
    dim = step.out_dim;
    transform.steps.push_back(std::move(step));
  }
  if (auto fault = transform_fault(transform, rules)) return corrupt(first, *std::move(fault));
  return transform;
}

Result<void> check_header(const TransformHeader& header, std::uint64_t bytes, std::uint32_t dim, std::uint64_t at) {
  if (header.kind != kTransformKind) {
    return unsupported(at, "a transform of kind " + std::to_string(std::uint16_t{header.kind}) + ": expected 1");
  }
  const std::uint32_t steps = header.steps, query_steps = header.query_steps;
  if (steps > kMaxTransformSteps || query_steps > kMaxTransformSteps || steps + query_steps == 0 ||
      bytes < sizeof header + std::uint64_t{steps + query_steps} * sizeof(TransformStepRow)) {
    return corrupt(at + offsetof(TransformHeader, steps),
                   "a transform of " + std::to_string(steps) + " steps, and " + std::to_string(query_steps) +
                       " of queries, in " + std::to_string(bytes) + " bytes: expected up to 16 each, of 24 bytes");
  }
  if (!all_zero(header.reserved_0) || !all_zero(header.reserved_1)) {
    return corrupt(at, "reserved bytes of a transform: expected zeros");
  }
  const std::uint32_t in_dim = header.in_dim, query_dim = header.query_dim;
  if ((steps == 0 && in_dim != dim) || (query_steps == 0 && query_dim != in_dim)) {
    return corrupt(at + offsetof(TransformHeader, in_dim),
                   "a transform of " + std::to_string(in_dim) + " and " + std::to_string(query_dim) +
                       " components: expected those of the field, where nothing is done to them");
  }
  return {};
}

}  // namespace

std::vector<std::byte> encode(const Transforms& transforms, std::uint32_t dim) {
  TransformHeader header{};
  header.kind = kTransformKind;
  header.steps = static_cast<std::uint16_t>(transforms.records.steps.size());
  header.query_steps = static_cast<std::uint16_t>(transforms.queries.steps.size());
  const std::uint32_t in_dim = transforms.records.empty() ? dim : transforms.records.in_dim;
  header.in_dim = in_dim;
  header.query_dim = transforms.queries.empty() ? in_dim : transforms.queries.in_dim;
  const auto raw = std::as_bytes(std::span(&header, 1));
  std::vector<std::byte> bytes(raw.begin(), raw.end());
  put_rows(transforms.records, dim, bytes);
  put_rows(transforms.queries, dim, bytes);
  put_numbers(transforms.records, bytes);
  put_numbers(transforms.queries, bytes);
  return bytes;
}

Result<Transforms> decode_transforms(std::span<const std::byte> bytes, std::uint32_t dim, std::uint64_t at) {
  if (bytes.size() < sizeof(TransformHeader)) {
    return corrupt(at, "a transform of " + std::to_string(bytes.size()) + " bytes: expected at least " +
                           std::to_string(sizeof(TransformHeader)));
  }
  const auto header = row_at<TransformHeader>(bytes, 0);
  NEARLINE_CHECK(check_header(header, bytes.size(), dim, at));
  const std::uint32_t steps = header.steps, query_steps = header.query_steps;
  Reading from{.bytes = bytes,
               .at = at,
               .row = sizeof header,
               .numbers = sizeof header + std::uint64_t{steps + query_steps} * sizeof(TransformStepRow)};
  TransformRules rules{.of_queries = false, .records_in = header.in_dim, .dim = dim, .learned = true};
  NEARLINE_TRY(records, read_side(from, header.in_dim, steps, rules));
  rules.of_queries = true;
  NEARLINE_TRY(queries, read_side(from, header.query_dim, query_steps, rules));
  if (from.numbers != bytes.size()) {
    return corrupt(at + from.numbers, "a transform of " + std::to_string(bytes.size()) + " bytes: expected " +
                                          std::to_string(from.numbers));
  }
  return Transforms{.records = std::move(records), .queries = std::move(queries)};
}

}  // namespace nearline::format
