// SPDX-License-Identifier: Apache-2.0
/// An index whose records say something: said.near, kRows of them with ids 0 and on. Record i has the year 1900 + i,
/// the price i / 2 where i is even, new where i is below 10, the lang "en" or "de", i % 3 tags, and a payload.
#pragma once

#include "tests/bindings/c/check.h"

static const nearline_attribute kAttributes[] = {{"year", NEARLINE_I64},
                                                 {"price", NEARLINE_F64},
                                                 {"new", NEARLINE_BOOL},
                                                 {"lang", NEARLINE_STRING},
                                                 {"tags", NEARLINE_TAGS}};
enum { kColumns = sizeof kAttributes / sizeof kAttributes[0] };

static float said_rows[kRows * kDim];
static int64_t said_years[kRows];
static double said_prices[kRows];
static uint8_t said_priced[kRows], said_new[kRows];
static nearline_bytes said_langs[kRows], said_tags[2 * kRows], said_payloads[kRows];
static size_t said_ends[kRows];
static const nearline_column kSaid[] = {{"year", said_years, NULL, NULL, NEARLINE_I64, 0},
                                        {"price", said_prices, NULL, said_priced, NEARLINE_F64, 0},
                                        {"new", said_new, NULL, NULL, NEARLINE_BOOL, 0},
                                        {"lang", said_langs, NULL, NULL, NEARLINE_STRING, 0},
                                        {"tags", said_tags, said_ends, NULL, NEARLINE_TAGS, 0}};

static void fill_said(void) {
  size_t tags = 0;
  int i, t;
  fill_rows(said_rows, kRows);
  for (i = 0; i < kRows; ++i) {
    said_years[i] = 1900 + i;
    said_prices[i] = i / 2.0;
    said_priced[i] = i % 2 == 0;
    said_new[i] = i < 10;
    said_langs[i] = (nearline_bytes){i % 2 == 0 ? "en" : "de", 2};
    for (t = 0; t < i % 3; ++t) said_tags[tags++] = (nearline_bytes){t == 0 ? "bio/cell" : "sky", t == 0 ? 8 : 3};
    said_ends[i] = tags;
    said_payloads[i] = (nearline_bytes){"a\0b", i % 4 == 0 ? 3 : 0};
  }
}

static void make_said(void) {
  nearline_error error = {.size = sizeof error};
  const nearline_schema schema = {kDim, NEARLINE_F32, NEARLINE_L2};
  const nearline_build_options options = {
      .size = sizeof options, .replace = 1, .threads = 1, .attributes = kAttributes, .attribute_count = kColumns};
  const nearline_matrix vectors = {said_rows, kRows, kDim, NEARLINE_F32};
  const nearline_record_data data = {sizeof data, kSaid, kColumns, said_payloads};
  nearline_builder* builder = NULL;
  fill_said();
  GOOD(nearline_builder_create("said.near", &schema, &options, &builder, &error));
  GOOD(nearline_builder_add(builder, &vectors, NULL, &data, &error));
  GOOD(nearline_builder_finish(builder, NULL, &error));
  nearline_builder_close(&builder);
}
