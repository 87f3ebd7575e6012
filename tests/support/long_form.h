// SPDX-License-Identifier: Apache-2.0
/// Whether a test tries every place where something can fail, as tools/soak.sh asks for with NEARLINE_CUTS, or one of a
/// few in turn.
#pragma once

#include <cstdlib>

namespace nearline::testing {

inline bool long_form() {
  return std::getenv("NEARLINE_CUTS") != nullptr;
}

}  // namespace nearline::testing
