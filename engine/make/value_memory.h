// SPDX-License-Identifier: Apache-2.0
/// The strings of records that wait to be written take memory, which a build or a commit has less of then.
#pragma once

#include <algorithm>
#include <string>

#include "engine/columns/staged_values.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// Of the bound, what different strings may take.
constexpr std::uint64_t value_memory_limit(std::uint64_t memory_bytes) noexcept {
  return memory_bytes / 2;
}

/// Errors: kOverBudget, with the bound that would do.
inline Result<void> check_value_memory(const StagedValues& values, std::uint64_t memory_bytes) {
  if (values.pool_bytes() <= value_memory_limit(memory_bytes)) return {};
  return Error{.code = Code::kOverBudget,
               .what = "a memory bound of " + std::to_string(memory_bytes) +
                       " bytes: the different strings of attributes take " + std::to_string(values.pool_bytes()) +
                       ", and may have half; expected at least " + std::to_string(values.pool_bytes() * 2) +
                       ", or long texts as payloads"};
}

/// The options with what is left of the memory.
inline BuildOptions beside_values(BuildOptions options, const StagedValues& values) {
  options.memory_bytes -= std::min(options.memory_bytes, values.pool_bytes());
  return options;
}

}  // namespace nearline::engine
