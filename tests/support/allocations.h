// SPDX-License-Identifier: Apache-2.0
/// Counts, and fails on demand, what goes through operator new, in programs that are linked with allocations.cc.
#pragma once

#include <cstdint>

#include "tests/support/sanitizers.h"

namespace nearline::testing {

/// Sanitizers find nothing in arithmetic, and take ten times as long: tests of bounds on large builds run without.
#if defined(NEARLINE_ASAN) || defined(NEARLINE_TSAN)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

/// Calls of operator new since the program began, on all threads.
std::uint64_t allocations() noexcept;

/// Bytes in use now, and the most that were in use at once since the last `reset_peak`.
std::uint64_t bytes_in_use() noexcept;
std::uint64_t peak_bytes() noexcept;
void reset_peak() noexcept;

/// The k-th call of operator new from now on fails, k from 1; for_ever: and all after it.
void fail_allocation(std::uint64_t k, bool for_ever = false) noexcept;
/// Takes that back. Whether one has failed.
bool allow_allocations() noexcept;

}  // namespace nearline::testing
