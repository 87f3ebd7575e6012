// SPDX-License-Identifier: Apache-2.0
/// Which process this is.
#pragma once

#include <cstdint>

namespace nearline::io {

/// Never cached: after fork it is another one.
[[nodiscard]] std::uint64_t process_id() noexcept;

}  // namespace nearline::io
