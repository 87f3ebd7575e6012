// SPDX-License-Identifier: Apache-2.0
/// What the memory of an open index has room for: whether codes rank, how much of each is there, and what would hold
/// all.
#pragma once

#include <string>

#include "nearline/index.h"
#include "tools/json_line.h"

namespace nearline::tools {

/// "ranking by codes, 20 of 36 bytes of each in memory; 4.9 MiB hold all"
std::string codes_in_use_text(const Index& index);

/// The same as keys: ranking, code_bytes, resident_code_bytes, bytes_for_all_codes.
JsonLine& put_codes_in_use(JsonLine& line, const Index& index);

}  // namespace nearline::tools
