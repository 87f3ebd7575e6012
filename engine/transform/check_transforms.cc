// SPDX-License-Identifier: Apache-2.0
#include "engine/transform/check_transforms.h"

#include <cmath>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/space/field_schema.h"
#include "format/transform.h"

namespace nearline::engine {
namespace {

/// Products of orthonormal rows differ from 0 and 1 by no more, be they rounded to f16.
constexpr float kOrthogonalSlack = 2e-3F;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_orthogonal(const TransformStep& step) {
  if (!step.orthogonal) return {};
  const std::uint32_t columns = step.columns();
  const auto dot = kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one;
  const auto row = [&](std::uint32_t i) { return step.numbers->data() + std::size_t{i} * columns; };
  for (std::uint32_t i = 0; i < step.out_dim; ++i) {
    for (std::uint32_t j = 0; j <= i; ++j) {
      const float product = dot(row(i), reinterpret_cast<const std::byte*>(row(j)), columns);
      const float wanted = i == j ? 1 : 0;
      if (std::fabs(product - wanted) <= kOrthogonalSlack) continue;
      return invalid("transform: a matrix whose rows " + std::to_string(j) + " and " + std::to_string(i) +
                     " have the product " + std::to_string(product) + ": expected " + (i == j ? "1" : "0") +
                     " of an orthogonal one (leave 'orthogonal' away where it need not be)");
    }
  }
  return {};
}

Result<void> check_side(const Transform& transform, const format::TransformRules& rules, const char* name) {
  if (transform.empty()) return {};
  if (auto fault = format::transform_fault(transform, rules)) return invalid(name + (": " + *std::move(fault)));
  for (const TransformStep& step : transform.steps) {
    if (step.kind == StepKind::kMatrix) NEARLINE_CHECK(check_orthogonal(step));
  }
  return {};
}

}  // namespace

Result<Schema> with_checked_transforms(Schema schema) {
  if (!has_transforms(schema)) return schema;
  if (!is_float(schema.type)) {
    return invalid("transform: vectors stored as " + std::string(name(schema.type)) +
                   ": expected f32, f16 or bf16, which hold what comes out of one");
  }
  Transform& queries = schema.query_transform;
  if (!queries.empty() && queries.in_dim == 0) queries.in_dim = schema.input_dim();
  format::TransformRules rules{
      .of_queries = false, .records_in = schema.input_dim(), .dim = schema.dim, .learned = false};
  NEARLINE_CHECK(check_side(schema.transform, rules, "transform"));
  rules.of_queries = true;
  NEARLINE_CHECK(check_side(queries, rules, "query transform"));
  return schema;
}

Result<Schema> with_checked_fields(Schema schema) {
  for (std::uint32_t f = 0; f < field_count(schema); ++f) {
    auto checked = with_checked_transforms(field_schema(schema, f));
    if (!checked) {
      if (f > 0) checked.error().what = "field '" + schema.fields[f - 1].name + "': " + checked.error().what;
      return checked;
    }
    (f == 0 ? schema.query_transform : schema.fields[f - 1].query_transform) = std::move(checked->query_transform);
  }
  return schema;
}

}  // namespace nearline::engine
