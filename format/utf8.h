// SPDX-License-Identifier: Apache-2.0
/// Well-formed UTF-8 (Unicode 15, table 3-7). Names in files are printed to terminals and compared byte by byte: only
/// what is printable, too, gets through there.
#pragma once

#include <cstddef>
#include <string_view>

namespace nearline::format {

/// Where the text stops being well-formed; its size where all of it is.
[[nodiscard]] std::size_t first_bad_utf8(std::string_view text) noexcept;

/// Well-formed, and without control characters (below 0x20, 0x7F, U+0080 to U+009F).
[[nodiscard]] bool is_printable_utf8(std::string_view text) noexcept;

}  // namespace nearline::format
