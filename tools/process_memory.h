// SPDX-License-Identifier: Apache-2.0
/// What the kernel says of this process.
#pragma once

#include <cstdint>

namespace nearline::tools {

/// Resident bytes now, those of mapped files included; 0 where the kernel does not tell.
std::uint64_t resident_bytes();

}  // namespace nearline::tools
