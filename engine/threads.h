// SPDX-License-Identifier: Apache-2.0
/// What `threads` in an options struct means, wherever it stands.
#pragma once

#include <cstdint>
#include <string>

#include "io/memory_info.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

inline constexpr std::uint32_t kMostThreads = 1024;

/// Errors: kInvalidArgument for 0, and for more than kMostThreads.
inline Result<void> check_threads(std::uint32_t threads) {
  if (threads == Count::kAuto || (threads > 0 && threads <= kMostThreads)) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = "threads of " + std::to_string(threads) + ": expected 1 to " + std::to_string(kMostThreads) +
                       ", or Count::kAuto for one per processor"};
}

/// Precondition: check_threads.
inline std::uint32_t thread_count(std::uint32_t threads) noexcept {
  return threads == Count::kAuto ? io::processor_count() : threads;
}

}  // namespace nearline::engine
