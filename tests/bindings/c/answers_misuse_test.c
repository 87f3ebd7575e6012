// SPDX-License-Identifier: Apache-2.0
/// Columns, filters, radius and pages misused: NULL, closed handles, wrong types and lengths. Nothing crashes, and what
/// was refused left nothing behind; prints "good".
#include "nearline/nearline_answers.h"
#include "tests/bindings/c/said.h"

static nearline_error error = {.size = sizeof error};
static nearline_index* opened;
static const float kOrigin[kDim] = {0, 0, 0, 0};
static const nearline_matrix kQuery = {kOrigin, 1, kDim, NEARLINE_F32};

#define INVALID(call, words) FAILS(call, NEARLINE_INVALID_ARGUMENT, words)

static void null_arguments(void) {
  uint64_t id = 0, number = 0;
  size_t count = 0;
  nearline_data* data = NULL;
  nearline_range* range = NULL;
  nearline_cursor* cursor = NULL;
  nearline_record_data view = {.size = sizeof view};
  nearline_range_table table = {.size = sizeof table};
  nearline_range_options within = {.size = sizeof within, .radius = 1};
  nearline_page page = {.size = sizeof page, .ids = &id, .capacity = 1};
  INVALID(nearline_index_get_attributes(NULL, NULL, 0, &count, &error), "index");
  INVALID(nearline_index_get_attributes(opened, NULL, 0, NULL, &error), "count");
  INVALID(nearline_index_get_attributes(opened, NULL, 1, &count, &error), "attributes");
  INVALID(nearline_index_count(opened, NULL, &number, &error), "filter");
  INVALID(nearline_index_count(opened, "new", NULL, &error), "count");
  INVALID(nearline_index_count(NULL, "new", &number, &error), "index");
  INVALID(nearline_index_matching_ids(opened, "new", NULL, 1, &count, &error), "ids");
  INVALID(nearline_index_matching_ids(opened, NULL, &id, 1, &count, &error), "filter");
  INVALID(nearline_index_read_data(opened, NULL, 1, NULL, &data, &error), "ids");
  INVALID(nearline_index_read_data(opened, &id, 1, NULL, NULL, &error), "data");
  INVALID(nearline_data_get_view(NULL, &view, &error), "data");
  INVALID(nearline_index_range_search(opened, &kQuery, NULL, &range, &error), "range options");
  INVALID(nearline_index_range_search(opened, NULL, &within, &range, &error), "queries");
  INVALID(nearline_index_range_search(opened, &kQuery, &within, NULL, &error), "range");
  INVALID(nearline_range_get_table(NULL, &table, &error), "range");
  INVALID(nearline_index_search_page(opened, NULL, NULL, NULL, &page, &error), "query");
  INVALID(nearline_index_search_page(opened, &kQuery, NULL, NULL, NULL, &error), "page");
  INVALID(nearline_index_open_cursor(opened, &kQuery, NULL, NULL, &error), "cursor");
  INVALID(nearline_cursor_next(NULL, 1, &page, &error), "cursor");
  INVALID(nearline_writer_erase_where(NULL, "new", NULL, &error), "writer");
  CHECK(data == NULL && range == NULL && cursor == NULL);
  nearline_data_close(NULL);
  nearline_data_close(&data);
  nearline_range_close(&range);
  nearline_cursor_close(&cursor);
}

static void bad_filters(void) {
  uint64_t id = 0, count = 0;
  const nearline_search_options options = {.size = sizeof options, .k = 1, .filter = "year >"};
  nearline_search_result result = {.size = sizeof result, .ids = &id, .capacity = 1};
  INVALID(nearline_index_count(opened, "yaer = 3", &count, &error), "did you mean 'year'?");
  INVALID(nearline_index_count(opened, "year = 'old'", &count, &error), "expected a number, found a string");
  INVALID(nearline_index_search(opened, &kQuery, &options, &result, &error), "filter, byte 6");
}

static void bad_schemas(void) {
  const nearline_schema schema = {kDim, NEARLINE_F32, NEARLINE_L2};
  nearline_attribute bad[2] = {{"year", 9}, {"year", NEARLINE_I64}};
  nearline_build_options options = {.size = sizeof options, .attributes = bad, .attribute_count = 1};
  nearline_builder* builder = NULL;
  INVALID(nearline_builder_create("bad.near", &schema, &options, &builder, &error), "type of an attribute of 9");
  bad[0].type = NEARLINE_I64;
  options.attribute_count = 2;
  INVALID(nearline_builder_create("bad.near", &schema, &options, &builder, &error), "'year' is there twice");
  memset(bad[0].name, 'x', sizeof bad[0].name);  // no zero byte at its end
  INVALID(nearline_builder_create("bad.near", &schema, &options, &builder, &error), "1 to 63 bytes");
  options.attribute_count = SIZE_MAX;
  INVALID(nearline_builder_create("bad.near", &schema, &options, &builder, &error), "at most 4096");
  options.attributes = NULL;
  INVALID(nearline_builder_create("bad.near", &schema, &options, &builder, &error), "attributes");
  CHECK(builder == NULL);
}

/// Whatever is wrong with the columns of a call, it adds nothing.
static void bad_columns(void) {
  const int64_t years[2] = {1, 2};
  const nearline_bytes broken = {"\xFF", 1}, nowhere = {NULL, 3}, tag = {"tag", 3};
  const size_t backwards[2] = {1, 0}, endless[2] = {1, SIZE_MAX};
  const struct {
    nearline_column column;
    nearline_status status;
    const char* words;
  } cases[] = {
      {{NULL, years, NULL, NULL, NEARLINE_I64, 0}, NEARLINE_INVALID_ARGUMENT, "name of a column"},
      {{"year", NULL, NULL, NULL, NEARLINE_I64, 0}, NEARLINE_INVALID_ARGUMENT, "values of a column"},
      {{"year", years, NULL, NULL, 0, 0}, NEARLINE_INVALID_ARGUMENT, "type of a column of 0"},
      {{"year", years, NULL, NULL, 7, 0}, NEARLINE_INVALID_ARGUMENT, "type of a column of 7"},
      {{"year", years, NULL, NULL, NEARLINE_I64, 1}, NEARLINE_UNSUPPORTED, "column"},
      {{"year", years, NULL, NULL, NEARLINE_F64, 0}, NEARLINE_BAD_INPUT, "expected i64"},
      {{"lang", years, NULL, NULL, NEARLINE_I64, 0}, NEARLINE_BAD_INPUT, "found an integer, expected string"},
      {{"yaer", years, NULL, NULL, NEARLINE_I64, 0}, NEARLINE_INVALID_ARGUMENT, "did you mean 'year'?"},
      {{"lang", &broken, NULL, said_new, NEARLINE_STRING, 0}, NEARLINE_BAD_INPUT, "UTF-8"},
      {{"lang", &nowhere, NULL, said_new, NEARLINE_STRING, 0}, NEARLINE_INVALID_ARGUMENT, "string"},
      {{"tags", &tag, NULL, NULL, NEARLINE_TAGS, 0}, NEARLINE_INVALID_ARGUMENT, "ends of a column"},
      {{"tags", NULL, said_ends + 1, NULL, NEARLINE_TAGS, 0}, NEARLINE_INVALID_ARGUMENT, "values of a column"},
      {{"tags", &tag, backwards, NULL, NEARLINE_TAGS, 0}, NEARLINE_INVALID_ARGUMENT, "expected 1 or more at row 1"},
      {{"tags", &tag, endless, NULL, NEARLINE_TAGS, 0}, NEARLINE_INVALID_ARGUMENT, "at most 4096 tags"}};
  const nearline_matrix two = {said_rows, 2, kDim, NEARLINE_F32};
  nearline_writer* writer = NULL;
  int dirty = 1;
  size_t i;
  said_new[1] = 0;  // row 0 alone is present
  GOOD(nearline_writer_open("said.near", NULL, &writer, &error));
  for (i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    const nearline_record_data data = {sizeof data, &cases[i].column, 1, NULL};
    FAILS(nearline_writer_insert(writer, &two, NULL, &data, NULL, &error), cases[i].status, cases[i].words);
  }
  {
    const nearline_bytes payloads[2] = {{"x", 1}, {NULL, 1}};
    const nearline_record_data nothing = {.size = sizeof nothing, .column_count = 1}, unsized = {.size = 0};
    const nearline_record_data lost = {.size = sizeof lost, .payloads = payloads};
    const nearline_record_data many = {.size = sizeof many, .columns = &cases[0].column, .column_count = SIZE_MAX};
    INVALID(nearline_writer_insert(writer, &two, NULL, &nothing, NULL, &error), "columns");
    INVALID(nearline_writer_insert(writer, &two, NULL, &unsized, NULL, &error), "data: expected its size");
    INVALID(nearline_writer_insert(writer, &two, NULL, &lost, NULL, &error), "payload");
    INVALID(nearline_writer_insert(writer, &two, NULL, &many, NULL, &error), "at most 4096");
  }
  GOOD(nearline_writer_is_dirty(writer, &dirty, &error));
  CHECK(dirty == 0);
  nearline_writer_close(&writer);
  INVALID(nearline_writer_erase_where(writer, "new", NULL, &error), "writer");
}

static void bad_pages(void) {
  uint64_t ids[10];
  const nearline_search_options options = {.size = sizeof options, .k = 3};
  const nearline_matrix two = {said_rows, 2, kDim, NEARLINE_F32};
  nearline_page page = {.size = sizeof page, .ids = ids, .capacity = 2};
  nearline_cursor* cursor = NULL;
  INVALID(nearline_index_search_page(opened, &kQuery, &options, NULL, &page, &error),
          "capacity of 2: expected room for 3");
  page.capacity = 10;
  INVALID(nearline_index_search_page(opened, &kQuery, &options, "no token", &page, &error), "token");
  INVALID(nearline_index_search_page(opened, &two, &options, NULL, &page, &error), "");
  INVALID(nearline_index_open_cursor(opened, &two, &options, &cursor, &error), "");
  CHECK(cursor == NULL);
  page.size = 0;
  INVALID(nearline_index_search_page(opened, &kQuery, &options, NULL, &page, &error), "page: expected its size");
  page.size = sizeof page;
  page.reserved = 1;
  FAILS(nearline_index_search_page(opened, &kQuery, &options, NULL, &page, &error), NEARLINE_UNSUPPORTED, "page");
  page.reserved = 0;
  GOOD(nearline_index_open_cursor(opened, &kQuery, &options, &cursor, &error));
  INVALID(nearline_cursor_next(cursor, 0, &page, &error), "0");
  INVALID(nearline_cursor_next(cursor, 11, &page, &error), "capacity of 10");
  GOOD(nearline_cursor_next(cursor, 1, &page, &error));
  CHECK(ids[0] == 0);
  nearline_cursor_close(&cursor);
  INVALID(nearline_cursor_next(cursor, 1, &page, &error), "cursor");
}

static void bad_radius(void) {
  nearline_range_options within = {.size = sizeof within, .radius = -1};
  nearline_range* range = NULL;
  INVALID(nearline_index_range_search(opened, &kQuery, &within, &range, &error), "radius");
  within.radius = 1;
  within.size = 0;
  INVALID(nearline_index_range_search(opened, &kQuery, &within, &range, &error), "range options: expected its size");
  CHECK(range == NULL);
}

static void bad_requests(void) {
  const uint64_t id = 1;
  const char* const names[] = {"yaer", NULL};
  nearline_data_options options = {.size = sizeof options, .names = names, .name_count = 1};
  nearline_data* data = NULL;
  nearline_record_data view = {.size = 0};
  INVALID(nearline_index_read_data(opened, &id, 1, &options, &data, &error), "did you mean 'year'?");
  options.names = names + 1;
  INVALID(nearline_index_read_data(opened, &id, 1, &options, &data, &error), "name of an attribute");
  options.names = NULL;
  INVALID(nearline_index_read_data(opened, &id, 1, &options, &data, &error), "names");
  CHECK(data == NULL);
  GOOD(nearline_index_read_data(opened, &id, 1, NULL, &data, &error));
  INVALID(nearline_data_get_view(data, &view, &error), "view: expected its size");
  nearline_data_close(&data);
}

int main(void) {
  make_said();
  GOOD(nearline_index_open("said.near", NULL, &opened, &error));
  null_arguments();
  bad_filters();
  bad_schemas();
  bad_columns();
  bad_pages();
  bad_radius();
  bad_requests();
  nearline_index_close(&opened);
  puts("good");
  return 0;
}
