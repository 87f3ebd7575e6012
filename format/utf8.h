// SPDX-License-Identifier: Apache-2.0
/// Names in files are printed to terminals and compared byte by byte: only well-formed, printable UTF-8 gets through.
#pragma once

#include <string_view>

namespace nearline::format {

/// Well-formed UTF-8 (Unicode 15, table 3-7) without control characters (below 0x20, 0x7F, U+0080 to U+009F).
[[nodiscard]] bool is_printable_utf8(std::string_view text) noexcept;

}  // namespace nearline::format
