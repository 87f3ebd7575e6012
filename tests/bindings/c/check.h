// SPDX-License-Identifier: Apache-2.0
/// What the C tests share: checks that say what did not hold, and rows whose neighbours are known.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearline/nearline.h"

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

/// A call that must succeed, with `error` in scope.
#define GOOD(call)                                                                                          \
  do {                                                                                                      \
    const nearline_status status_ = (call);                                                                 \
    if (status_ != NEARLINE_OK) {                                                                           \
      fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, nearline_status_name(status_), error.message); \
      exit(1);                                                                                              \
    }                                                                                                       \
  } while (0)

/// A call that must fail so, with these words in its message.
#define FAILS(call, code, words)                                                                  \
  do {                                                                                            \
    const nearline_status status_ = (call);                                                       \
    if (status_ != (code) || error.status != (code) || strstr(error.message, (words)) == NULL) {  \
      fprintf(stderr, "%s:%d: status %d: %s\n", __FILE__, __LINE__, (int)status_, error.message); \
      exit(1);                                                                                    \
    }                                                                                             \
  } while (0)

enum { kRows = 200, kDim = 4 };

/// Row i is i, i, i, i.
static void fill_rows(float* rows, int count) {
  int i, j;
  for (i = 0; i < count; ++i)
    for (j = 0; j < kDim; ++j) rows[i * kDim + j] = (float)i;
}
