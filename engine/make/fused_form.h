// SPDX-License-Identifier: Apache-2.0
/// How many records a fused page holds, and how large its codes are.
#pragma once

#include "format/fused_page.h"

namespace nearline::engine {

/// Bytes of a code where the caller leaves it open: smaller ones where so many records on a page need the room.
std::uint32_t fused_code_bytes(const format::PageShape& lean, std::uint32_t records) noexcept;

/// The pages of records whose lean shape is `lean`, with codes of `code_bytes`. records: on a page; kAuto leaves it to
/// what was measured (docs/decisions.md). No slots where no page is large enough.
format::FusedForm choose_fused_form(const format::PageShape& lean, std::uint32_t code_bytes,
                                    std::uint32_t records) noexcept;

}  // namespace nearline::engine
