// SPDX-License-Identifier: Apache-2.0
/// What a profile's figures mean for the index, in plain words.
#pragma once

#include <string>
#include <vector>

#include "nearline/exact.h"

namespace nearline::engine {

/// One sentence each, the most urgent first.
[[nodiscard]] std::vector<std::string> advice(const Profile& profile, Metric metric);

}  // namespace nearline::engine
