// SPDX-License-Identifier: Apache-2.0
/// Which sanitizer a test is compiled with: gcc and clang say it in different ways.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NEARLINE_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define NEARLINE_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(NEARLINE_ASAN)
#define NEARLINE_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(NEARLINE_TSAN)
#define NEARLINE_TSAN 1
#endif
