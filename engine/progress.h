// SPDX-License-Identifier: Apache-2.0
/// Tells a caller how far work has come, and stops it when the caller says so.
#pragma once

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

/// progress: may be empty. Errors: kCancelled when it asks to stop.
inline Result<void> report(const ProgressFn& progress, const Progress& now) {
  if (!progress || progress(now)) return {};
  return Error{.code = Code::kCancelled, .what = "cancelled"};
}

}  // namespace nearline::engine
