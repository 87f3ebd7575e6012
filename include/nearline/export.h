// SPDX-License-Identifier: Apache-2.0
/// What every public header needs first: the language it is written in, and the mark of what the shared library shows;
/// everything else is built with hidden visibility.
#pragma once

#if __cplusplus < 202002L
#error "nearline needs C++20: compile with -std=c++20 or later"
#endif

#define NEARLINE_API [[gnu::visibility("default")]]
