// SPDX-License-Identifier: Apache-2.0
/// Which dimensions count: --prefix and --mask, as search, eval and truth have them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nearline/index.h"
#include "tools/args.h"

namespace nearline::tools {

/// What the command line says of it.
struct WeightsIn {
  std::vector<std::uint32_t> prefix;  ///< one, or two of a funnel
  std::filesystem::path mask;

  [[nodiscard]] bool given() const noexcept { return !prefix.empty() || !mask.empty(); }
};

/// Declares --prefix and --mask. funnel: whether --prefix may name two.
void declare_weights(Args& args, WeightsIn& target, bool funnel = true);

/// The weights in a file, one row of f32. Errors: those of VectorFile; kBadInput for another type or number of rows.
Result<std::vector<float>> read_mask(const std::filesystem::path& path);

/// Puts what was given into the options. Errors: those of read_mask; kInvalidArgument for a --prefix of more than two,
/// and for a recall of a funnel.
Result<void> read_weights(const WeightsIn& weights, SearchOptions& search);

/// The error of a prefix or a mask that does not fit, with the option or the file that it came from.
Error about_weights(Error error, const WeightsIn& weights);

/// Whether they fit the index. Errors: kInvalidArgument, naming the option or the file.
Result<void> check_weights(const Index& index, const WeightsIn& weights, const SearchOptions& search);

}  // namespace nearline::tools
