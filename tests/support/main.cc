// SPDX-License-Identifier: Apache-2.0
/// The main of every program of tests, and doctest itself.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// Refused allocations are tested: a sanitizer shall refuse like the system, not end the program.
extern "C" const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}
extern "C" const char* __tsan_default_options() {
  return "allocator_may_return_null=1";
}
