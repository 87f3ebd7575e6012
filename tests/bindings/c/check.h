// SPDX-License-Identifier: Apache-2.0
/// What the C tests share: a check that says what did not hold, and the index that they work with.
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

/// test.near: kRows of these, with ids 1000 and on.
static void make_index(void) {
  static float rows[kRows * kDim];
  static uint64_t ids[kRows];
  nearline_error error = {.size = sizeof error};
  const nearline_schema schema = {kDim, NEARLINE_F32, NEARLINE_L2};
  nearline_build_options options = {.size = sizeof options, .replace = 1, .threads = 1};
  nearline_build_report report = {.size = sizeof report};
  nearline_matrix matrix = {rows, kRows, kDim, NEARLINE_F32};
  nearline_builder* builder = NULL;
  int i;
  fill_rows(rows, kRows);
  for (i = 0; i < kRows; ++i) ids[i] = 1000 + (uint64_t)i;
  GOOD(nearline_builder_create("test.near", &schema, &options, &builder, &error));
  GOOD(nearline_builder_add(builder, &matrix, ids, &error));
  GOOD(nearline_builder_finish(builder, &report, &error));
  CHECK(report.count == kRows && report.file_bytes > 0 && report.partitions == 1);
  nearline_builder_close(&builder);
  CHECK(builder == NULL);
}
