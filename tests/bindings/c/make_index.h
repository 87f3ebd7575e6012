// SPDX-License-Identifier: Apache-2.0
/// The index that most C tests work with.
#pragma once

#include "tests/bindings/c/check.h"

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
  GOOD(nearline_builder_add(builder, &matrix, ids, NULL, &error));
  GOOD(nearline_builder_finish(builder, &report, &error));
  CHECK(report.count == kRows && report.file_bytes > 0 && report.partitions == 1);
  nearline_builder_close(&builder);
  CHECK(builder == NULL);
}
