// SPDX-License-Identifier: Apache-2.0
/// The searches of nearline search that are not for the k nearest: all within a radius, and page by page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/args.h"
#include "tools/batch_search.h"

namespace nearline::tools {

struct MoreSearch {
  std::optional<double> radius;
  std::uint64_t max_results = 0;
  std::string page;  ///< first, or a token; empty where nobody asked for pages

  /// Whether one of them is asked for.
  [[nodiscard]] bool asked() const noexcept { return radius.has_value() || max_results > 0 || !page.empty(); }
};

/// Declares --radius --max-results --page, for a command that has -k, -L, --recall and --exact.
void declare_more_search(Args& args, MoreSearch& target);

/// Searches and prints; returns the exit status. Precondition: asked.
int run_more_search(const SearchSetup& setup, const MoreSearch& more, bool json);

}  // namespace nearline::tools
