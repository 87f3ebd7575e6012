// SPDX-License-Identifier: Apache-2.0
/// What a record of either layout is asked: its vector, its scale, its id.
#pragma once

#include <cstdint>
#include <span>

#include "format/graph_page.h"

namespace nearline::format {

/// record: of slot_bytes, at `at` in the file; self: its ordinal.  Errors: kCorrupt.
Result<void> check_record_head(const PageShape& shape, std::span<const std::byte> record, std::uint32_t self,
                               std::uint64_t at);

}  // namespace nearline::format
