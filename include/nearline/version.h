// SPDX-License-Identifier: Apache-2.0
/// The library's version, and the newest file format that it reads and writes.
///
/// Option and report structs grow from one minor version to the next, so a program and the library that it runs with
/// are of the same one: the shared library's soname carries major and minor (libnearline.so.0.1), and the loader
/// refuses any other. Patch versions change no declaration. (The C interface, whose structs carry their size, is for
/// programs that outlive minor versions.)
#pragma once

#include "nearline/export.h"

#define NEARLINE_VERSION_MAJOR 0
#define NEARLINE_VERSION_MINOR 1
#define NEARLINE_VERSION_PATCH 0
/// The version that a program is compiled with. One number that grows, for `#if`, and its text.
#define NEARLINE_VERSION (NEARLINE_VERSION_MAJOR * 10000 + NEARLINE_VERSION_MINOR * 100 + NEARLINE_VERSION_PATCH)
#define NEARLINE_VERSION_TEXT "0.1.0"

namespace nearline {

/// The version that the program runs with: `NEARLINE_VERSION_TEXT` of the library.
[[nodiscard]] NEARLINE_API const char* version() noexcept;

inline constexpr unsigned kFormatMajor = 1;  ///< a reader refuses another major
inline constexpr unsigned kFormatMinor = 0;  ///< a reader takes any older minor; feature words say the rest

}  // namespace nearline
