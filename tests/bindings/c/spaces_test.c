// SPDX-License-Identifier: Apache-2.0
/// Several fields, transforms, masks and searches over fields together, as C99 uses and misuses them. Prints "good".
#include "nearline/nearline_spaces.h"

#include <math.h>

#include "nearline/nearline_answers.h"
#include "nearline/nearline_files.h"
#include "tests/bindings/c/check.h"

#define INVALID(call, words) FAILS(call, NEARLINE_INVALID_ARGUMENT, words)

enum { kOther = 2 };

static nearline_error error = {.size = sizeof error};
static const char* const kPath = "spaces.near";
static const nearline_schema kSchema = {kDim, NEARLINE_F32, NEARLINE_L2};
static const nearline_field kFields[] = {{"other", 2 * kOther, NEARLINE_F32, NEARLINE_L2, 1},
                                         {"plain", kOther, NEARLINE_U8, NEARLINE_L2, 0}};
static const float kOrigin[kDim] = {0, 0, 0, 0};
static const nearline_matrix kQuery = {kOrigin, 1, kDim, NEARLINE_F32};

/// Of four numbers the sum of the first two and of the last two.
static const float kSums[2 * 4] = {1, 1, 0, 0, 0, 0, 1, 1};
static const nearline_matrix kMatrix = {kSums, kOther, 4, NEARLINE_F32};
static const char* const kName = "sums";

/// Row i has i in the first field; the even ones have 200 - i, summed, in another; and ten have i there.
static void makes_fields(void) {
  static float rows[kRows * kDim], others[kRows / 2 * 2 * kOther], few[10 * kOther];
  static uint64_t even[kRows / 2];
  const nearline_transform transform = {"other", "matrix(sums)", &kName, &kMatrix, 1, 0, 0};
  const nearline_spaces spaces = {.size = sizeof spaces,
                                  .name = "main",
                                  .fields = kFields,
                                  .field_count = 2,
                                  .transforms = &transform,
                                  .transform_count = 1};
  const nearline_build_options options = {.size = sizeof options, .replace = 1, .threads = 1, .spaces = &spaces};
  const nearline_matrix matrix = {rows, kRows, kDim, NEARLINE_F32};
  const nearline_matrix other = {others, kRows / 2, 2 * kOther, NEARLINE_F32};
  const nearline_matrix plain = {few, 10, kOther, NEARLINE_F32};
  nearline_builder* builder = NULL;
  int i, j;
  fill_rows(rows, kRows);
  for (i = 0; i < kRows / 2; ++i) {
    even[i] = 2 * (uint64_t)i;
    for (j = 0; j < 2 * kOther; ++j) others[i * 2 * kOther + j] = (float)(100 - i);
  }
  for (i = 0; i < 10 * kOther; ++i) few[i] = (float)(i / kOther);
  GOOD(nearline_builder_create(kPath, &kSchema, &options, &builder, &error));
  GOOD(nearline_builder_add(builder, &matrix, NULL, NULL, &error));
  GOOD(nearline_builder_add_field(builder, "other", &other, even, &error));
  GOOD(nearline_builder_add_field(builder, "plain", &plain, NULL, &error));
  INVALID(nearline_builder_add_field(builder, "others", &other, even, &error), "did you mean 'other'");
  INVALID(nearline_builder_add_field(builder, NULL, &other, even, &error), "field");
  GOOD(nearline_builder_finish(builder, NULL, &error));
  nearline_builder_close(&builder);
}

static void tells_its_fields(const nearline_index* index) {
  nearline_field fields[3];
  nearline_index_info info = {.size = sizeof info};
  char text[64] = "x", cut[8];
  size_t count = 0, length = 0;
  GOOD(nearline_index_get_fields(index, NULL, 0, &count, &error));
  CHECK(count == 3);
  GOOD(nearline_index_get_fields(index, fields, 3, &count, &error));
  CHECK(strcmp(fields[0].name, "main") == 0 && fields[0].dim == kDim && fields[0].stored_only == 0);
  CHECK(strcmp(fields[1].name, "other") == 0 && fields[1].dim == kOther && fields[1].stored_only == 1);
  CHECK(strcmp(fields[2].name, "plain") == 0 && fields[2].type == NEARLINE_U8);
  GOOD(nearline_index_get_info(index, "other", &info, &error));
  CHECK(info.count == kRows / 2 && info.schema.dim == kOther);
  INVALID(nearline_index_get_info(index, "nothing", &info, &error), "nothing");
  GOOD(nearline_index_get_transform(index, "other", 0, text, sizeof text, &length, &error));
  CHECK(strcmp(text, "matrix(2 x 4)") == 0 && length == strlen(text));
  GOOD(nearline_index_get_transform(index, "other", 0, cut, sizeof cut, &length, &error));
  CHECK(strcmp(cut, "matrix(") == 0 && length == strlen(text));
  GOOD(nearline_index_get_transform(index, NULL, 0, text, sizeof text, &length, &error));
  CHECK(strcmp(text, "") == 0 && length == 0);
}

static void searches_a_field(const nearline_index* index) {
  const float query[2 * kOther] = {5, 5, 5, 5}, stored[kOther] = {10, 10};
  const nearline_matrix raw = {query, 1, 2 * kOther, NEARLINE_F32}, as_is = {stored, 1, kOther, NEARLINE_F32};
  nearline_search_options options = {.size = sizeof options, .k = 2, .field = "other"};
  uint64_t ids[2], asked[2] = {4, 5};
  float distances[2], vectors[2 * kOther];
  uint8_t found[2];
  nearline_search_result result = {.size = sizeof result, .ids = ids, .distances = distances, .capacity = 2};
  GOOD(nearline_index_search(index, &raw, &options, &result, &error));
  CHECK(ids[0] == 190 && distances[0] == 0);  // 100 - 95 is 5, and so is each half of ten
  options.as_stored = 1;
  GOOD(nearline_index_search(index, &as_is, &options, &result, &error));
  CHECK(ids[0] == 190 && distances[0] == 0);
  options.field = "othr";
  INVALID(nearline_index_search(index, &as_is, &options, &result, &error), "did you mean 'other'");
  GOOD(nearline_index_get(index, "other", asked, 2, vectors, sizeof vectors, found, &error));
  CHECK(vectors[0] == 2 * 98 && found[0] == 1 && found[1] == 0);
  GOOD(nearline_index_contains(index, "plain", asked, 2, found, &error));
  CHECK(found[0] == 1 && found[1] == 1);
}

static void weighs_dimensions(const nearline_index* index) {
  const float query[kDim] = {7, 100, 100, 100}, mask[kDim] = {1, 0, 0, 0};
  const nearline_matrix row = {query, 1, kDim, NEARLINE_F32};
  nearline_search_options options = {.size = sizeof options, .k = 1, .mask = mask, .mask_count = kDim};
  nearline_range_options within = {.size = sizeof within, .radius = 1, .prefix = 1};
  nearline_range_table table = {.size = sizeof table};
  nearline_range* range = NULL;
  uint64_t id = 0;
  nearline_search_result result = {.size = sizeof result, .ids = &id, .capacity = 1};
  GOOD(nearline_index_search(index, &row, &options, &result, &error));
  CHECK(id == 7);
  options.mask_count = kDim - 1;
  INVALID(nearline_index_search(index, &row, &options, &result, &error), "mask");
  options.mask = NULL;
  INVALID(nearline_index_search(index, &row, &options, &result, &error), "mask");
  options.mask_count = 0;
  options.prefix = 1;
  GOOD(nearline_index_search(index, &row, &options, &result, &error));
  CHECK(id == 7);
  GOOD(nearline_index_range_search(index, &row, &within, &range, &error));
  GOOD(nearline_range_get_table(range, &table, &error));
  CHECK(table.offsets[1] == 3 && table.ids[0] == 7);
  nearline_range_close(&range);
}

static void searches_fields_together(const nearline_index* index) {
  const float far[2 * kOther] = {0, 0, 0, 0};
  nearline_field_queries fields[2] = {{NULL, kQuery, 1, 0}, {"other", {far, 1, 2 * kOther, NEARLINE_F32}, 1, 0}};
  nearline_fusion_options options = {.size = sizeof options, .k = 2, .exact = 1};
  uint64_t ids[2];
  float distances[2];
  nearline_search_result result = {.size = sizeof result, .ids = ids, .distances = distances, .capacity = 2};
  // 4 i^2 + 2 (200 - i)^2 is least at 400 / 6 = 66.7, of even ones at 66 and 68.
  GOOD(nearline_index_search_fields(index, fields, 2, &options, &result, &error));
  CHECK(ids[0] == 66 && ids[1] == 68 && distances[0] == 4 * 66 * 66 + 2 * 134 * 134);
  options.has_missing = 1;  // then odd ones count as if they were far nearer
  GOOD(nearline_index_search_fields(index, fields, 2, &options, &result, &error));
  CHECK(ids[0] == 1 && ids[1] == 3 && distances[0] == 4);
  options.choose_by = "other";
  options.candidates = 3;
  options.has_missing = 0;
  options.exact = 0;
  GOOD(nearline_index_search_fields(index, fields, 2, &options, &result, &error));
  CHECK(ids[0] == 194 && ids[1] == 196);  // the nearest there are 198, 196 and 194
  fields[1].weight = -1;
  INVALID(nearline_index_search_fields(index, fields, 2, &options, &result, &error), "weight");
  fields[1].weight = NAN;
  INVALID(nearline_index_search_fields(index, fields, 2, &options, &result, &error), "weight");
  INVALID(nearline_index_search_fields(index, NULL, 2, &options, &result, &error), "fields");
  INVALID(nearline_index_search_fields(index, NULL, 0, &options, &result, &error), "field");
  INVALID(nearline_index_search_fields(NULL, fields, 2, &options, &result, &error), "index");
  INVALID(nearline_index_search_fields(index, fields, 1, NULL, &result, &error), "capacity");
}

static void changes_fields(void) {
  const uint8_t rows[2 * kOther] = {50, 50, 60, 60};
  const nearline_matrix matrix = {rows, 2, kOther, NEARLINE_U8};
  const uint64_t ids[2] = {3, 150}, unknown = 1000;
  uint64_t erased = 0, absent = 0;
  uint8_t found[2];
  nearline_writer* writer = NULL;
  nearline_index* index = NULL;
  GOOD(nearline_writer_open(kPath, NULL, &writer, &error));
  GOOD(nearline_writer_set_field(writer, "plain", &matrix, ids, &error));
  INVALID(nearline_writer_set_field(writer, "main", &matrix, ids, &error), "main");
  INVALID(nearline_writer_set_field(writer, NULL, &matrix, ids, &error), "field");
  INVALID(nearline_writer_set_field(writer, "plain", &matrix, NULL, &error), "ids");
  GOOD(nearline_writer_erase_field(writer, "plain", &unknown, 1, &erased, &absent, &error));
  CHECK(erased == 0 && absent == 1);
  GOOD(nearline_writer_commit(writer, NEARLINE_DURABLE, NULL, &error));
  GOOD(nearline_writer_erase_field(writer, "plain", ids, 1, &erased, &absent, &error));
  CHECK(erased == 1 && absent == 0);
  GOOD(nearline_writer_commit(writer, NEARLINE_DURABLE, NULL, &error));
  nearline_writer_close(&writer);
  GOOD(nearline_index_open(kPath, NULL, &index, &error));
  GOOD(nearline_index_contains(index, "plain", ids, 2, found, &error));
  CHECK(found[0] == 0 && found[1] == 1);
  GOOD(nearline_index_contains(index, NULL, ids, 2, found, &error));
  CHECK(found[0] == 1 && found[1] == 1);
  nearline_index_close(&index);
}

/// Nothing is made where the schema is refused.
static void refuses(const nearline_spaces* spaces, nearline_status status, const char* words) {
  const nearline_build_options options = {.size = sizeof options, .spaces = spaces};
  nearline_builder* builder = NULL;
  FAILS(nearline_builder_create("refused.near", &kSchema, &options, &builder, &error), status, words);
  CHECK(builder == NULL);
}

static void bad_spaces(void) {
  const nearline_field twice[] = {{"one", 2, NEARLINE_F32, NEARLINE_L2, 0}, {"one", 2, NEARLINE_F32, NEARLINE_L2, 0}};
  const nearline_field odd = {"odd", 2, 77, NEARLINE_L2, 0};
  nearline_transform transform = {NULL, "matrix(summs)", &kName, &kMatrix, 1, 0, 0};
  nearline_spaces spaces = {.size = sizeof spaces, .fields = twice, .field_count = 2};
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "one");
  spaces.fields = &odd;
  spaces.field_count = 1;
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "type of a field");
  spaces.fields = NULL;
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "fields");
  spaces.field_count = 0;
  spaces.transforms = &transform;
  spaces.transform_count = 1;
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "no matrix is named 'summs'");
  transform.text = "normalise";
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "normalize");
  transform.text = NULL;
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "text of a transform");
  transform.text = "normalize";
  transform.field = "nowhere";
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "no field is named 'nowhere'");
  transform.field = NULL;
  transform.names = NULL;
  refuses(&spaces, NEARLINE_INVALID_ARGUMENT, "names of matrices");
  spaces.reserved = 1;
  refuses(&spaces, NEARLINE_UNSUPPORTED, "spaces");
}

int main(void) {
  nearline_index* index = NULL;
  makes_fields();
  GOOD(nearline_index_open(kPath, NULL, &index, &error));
  tells_its_fields(index);
  searches_a_field(index);
  weighs_dimensions(index);
  searches_fields_together(index);
  nearline_index_close(&index);
  changes_fields();
  bad_spaces();
  puts("good");
  return 0;
}
