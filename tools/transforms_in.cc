// SPDX-License-Identifier: Apache-2.0
#include "tools/transforms_in.h"

#include <fmt/format.h>

#include "nearline/vector_file.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

/// A file of vectors, one a row, as numbers.
Result<Transform::Matrix> read_matrix(const std::string& name) {
  NEARLINE_TRY(file, open_vectors(name));
  if (file.type() != ElementType::kF32) {
    return Error{
        Code::kBadInput,
        fmt::format("a matrix of {}: expected f32 (nearline convert makes it so)", nearline::name(file.type())), name};
  }
  NEARLINE_TRY(bytes, file.read_all());
  Transform::Matrix matrix{.rows = static_cast<std::uint32_t>(file.rows())};
  matrix.numbers.resize(bytes.size() / sizeof(float));
  std::memcpy(matrix.numbers.data(), bytes.data(), bytes.size());
  if (matrix.rows > 0 && matrix.rows <= kMaxDim) return matrix;
  return Error{Code::kBadInput, fmt::format("a matrix of {} rows: expected 1 to {}", file.rows(), kMaxDim), name};
}

}  // namespace

void declare_transforms(Args& args, TransformsIn& target) {
  args.text("--transform", target.records, "STEPS",
            "what is done to vectors before they are stored: normalize, center, pca(K), sparse_random(K[, SEED]), "
            "matrix(FILE[, orthogonal]), relative(FILE)");
  args.text("--query-transform", target.queries, "STEPS",
            "what is done to queries in place of that; field at the end stands for what is done to records");
}

Result<void> add_transforms(const TransformsIn& from, std::uint32_t in_dim, Schema& schema) {
  if (!from.records.empty()) {
    NEARLINE_TRY(transform, Transform::parse(from.records, in_dim, read_matrix));
    schema.transform = std::move(transform);
    schema.dim = schema.transform.out_dim();
  }
  if (from.queries.empty()) return {};
  NEARLINE_TRY(transform, Transform::parse(from.queries, 0, read_matrix));
  schema.query_transform = std::move(transform);
  return {};
}

}  // namespace nearline::tools
