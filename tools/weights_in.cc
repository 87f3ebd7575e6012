// SPDX-License-Identifier: Apache-2.0
#include "tools/weights_in.h"

#include <fmt/format.h>

#include <cstring>

#include "tools/vectors_in.h"

namespace nearline::tools {

void declare_weights(Args& args, WeightsIn& target, bool funnel) {
  args.list("--prefix", target.prefix,
            funnel ? "N: only the first N dimensions count; N,M: a walk goes by the first N, answers are ranked by M"
                   : "N: only the first N dimensions count");
  args.file("--mask", target.mask,
            "how much each dimension counts: a file of vectors (.fbin, .npy) with one row of f32");
  args.either("--prefix", "--mask");
}

Result<std::vector<float>> read_mask(const std::filesystem::path& path) {
  NEARLINE_TRY(file, open_vectors(path));
  if (file.rows() != 1 || file.type() != ElementType::kF32) {
    return Error{Code::kBadInput,
                 fmt::format("mask: expected one row of f32, found {} of {}", file.rows(), name(file.type())),
                 path.string()};
  }
  NEARLINE_TRY(bytes, file.read_all());
  std::vector<float> mask(file.dim());
  std::memcpy(mask.data(), bytes.data(), mask.size() * sizeof(float));
  return mask;
}

Result<void> read_weights(const WeightsIn& weights, SearchOptions& search) {
  if (weights.prefix.size() > 2) {
    return Error{Code::kInvalidArgument,
                 fmt::format("--prefix: expected N, or N,M, found {} numbers", weights.prefix.size())};
  }
  if (weights.prefix.size() == 2 && search.recall > 0) {
    return Error{Code::kInvalidArgument, "--prefix N,M: expected -L in place of --recall, found both"};
  }
  if (!weights.prefix.empty()) search.prefix = weights.prefix.back();
  if (weights.prefix.size() == 2) search.walk_prefix = weights.prefix.front();
  if (!weights.mask.empty()) {
    NEARLINE_TRY(mask, read_mask(weights.mask));
    search.mask = std::move(mask);
  }
  return {};
}

Error about_weights(Error error, const WeightsIn& weights) {
  if (!weights.mask.empty()) return std::move(error).in(weights.mask.string());
  error.what = "--prefix: " + error.what;
  return error;
}

Result<void> check_weights(const Index& index, const WeightsIn& weights, const SearchOptions& search) {
  if (!weights.given()) return {};
  NEARLINE_TRY(info, index.info(search.field));
  const MatrixView none(nullptr, 0, info.schema.dim, info.schema.type);  // options are checked, and nothing is searched
  SearchOptions options;
  options.k = 1;
  options.as_stored = true;
  options.prefix = search.prefix;
  options.walk_prefix = search.walk_prefix;
  options.mask = search.mask;
  options.field = search.field;
  const auto fits = index.search(none, options);
  if (!fits) return about_weights(fits.error(), weights);
  return {};
}

}  // namespace nearline::tools
