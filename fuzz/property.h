// SPDX-License-Identifier: Apache-2.0
/// A property that must hold for every input. Unlike an assert it also stands in release builds.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program with a message that names the property, so that the fuzzer keeps the input.
#define FUZZ_PROPERTY(holds)                                                          \
  do {                                                                                \
    if (!(holds)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
      std::abort();                                                                   \
    }                                                                                 \
  } while (false)
