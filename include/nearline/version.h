// SPDX-License-Identifier: Apache-2.0
/// The library's version, and the newest file format that it reads and writes.
#pragma once

namespace nearline {

inline constexpr const char* kVersion = "0.1.0";
inline constexpr unsigned kFormatMajor = 1;  ///< a reader refuses another major
inline constexpr unsigned kFormatMinor = 1;  ///< a reader takes any older minor; feature words say the rest

}  // namespace nearline
