// SPDX-License-Identifier: Apache-2.0
/// What records say, filters, a radius and pages, as C99 uses them. Prints "good".
#include "nearline/nearline_answers.h"

#include <math.h>

#include "tests/bindings/c/said.h"

static nearline_error error = {.size = sizeof error};
static const float kOrigin[kDim] = {0, 0, 0, 0};
static const nearline_matrix kQuery = {kOrigin, 1, kDim, NEARLINE_F32};

static void keeps_its_attributes(const nearline_index* index) {
  nearline_attribute attributes[kColumns];
  size_t count = 0;
  int i;
  GOOD(nearline_index_get_attributes(index, NULL, 0, &count, &error));
  CHECK(count == kColumns);
  GOOD(nearline_index_get_attributes(index, attributes, kColumns, &count, &error));
  for (i = 0; i < kColumns; ++i)
    CHECK(strcmp(attributes[i].name, kAttributes[i].name) == 0 && attributes[i].type == kAttributes[i].type);
}

static void count_lines(void* context, const char* line) {
  CHECK(strlen(line) > 0);
  ++*(int*)context;
}

static void searches_what_matches(const nearline_index* index) {
  int lines = 0;
  const nearline_search_options options = {.size = sizeof options,
                                           .k = 3,
                                           .filter = "lang = 'de' and year > 1910",
                                           .explain = count_lines,
                                           .explain_context = &lines};
  uint64_t ids[3];
  nearline_search_result result = {.size = sizeof result, .ids = ids, .capacity = 3};
  GOOD(nearline_index_search(index, &kQuery, &options, &result, &error));
  CHECK(ids[0] == 11 && ids[1] == 13 && ids[2] == 15);
  CHECK(result.matches == 95 && lines == 1);
}

static void counts_and_lists_what_matches(const nearline_index* index) {
  uint64_t count = 0, ids[4] = {0, 0, 77, 77};
  size_t found = 0;
  GOOD(nearline_index_count(index, "price is null", &count, &error));
  CHECK(count == kRows / 2);
  GOOD(nearline_index_count(index, "tags has 'bio/*' and new", &count, &error));
  CHECK(count == 6);
  GOOD(nearline_index_matching_ids(index, "new", ids, 2, &found, &error));
  CHECK(found == 10 && ids[0] == 0 && ids[1] == 1 && ids[2] == 77);
  GOOD(nearline_index_matching_ids(index, "year = 3000", NULL, 0, &found, &error));
  CHECK(found == 0);
}

static void reads_what_records_say(const nearline_index* index) {
  const uint64_t ids[3] = {8, 5, 100000};
  const char* const names[] = {"tags", "year"};
  const nearline_data_options some = {.size = sizeof some, .names = names, .name_count = 2, .no_payloads = 1};
  nearline_record_data view = {.size = sizeof view};
  nearline_data* data = NULL;
  const nearline_column* columns;
  const nearline_bytes* tags;
  GOOD(nearline_index_read_data(index, ids, 3, NULL, &data, &error));
  GOOD(nearline_data_get_view(data, &view, &error));
  CHECK(view.column_count == kColumns);
  columns = view.columns;
  CHECK(strcmp(columns[0].name, "year") == 0 && ((const int64_t*)columns[0].values)[1] == 1905);
  CHECK(columns[0].present[1] == 1 && columns[0].present[2] == 0);
  CHECK(columns[1].type == NEARLINE_F64 && ((const double*)columns[1].values)[0] == 4 && columns[1].present[1] == 0);
  CHECK(((const uint8_t*)columns[2].values)[0] == 1);
  CHECK(memcmp(((const nearline_bytes*)columns[3].values)[1].data, "de", 2) == 0);
  tags = columns[4].values;
  CHECK(columns[4].ends[0] == 2 && columns[4].ends[1] == 4 && columns[4].ends[2] == 4);
  CHECK(tags[1].length == 3 && memcmp(tags[1].data, "sky", 3) == 0);
  CHECK(view.payloads[0].length == 3 && memcmp(view.payloads[0].data, "a\0b", 3) == 0);
  CHECK(view.payloads[1].length == 0 && view.payloads[2].length == 0);
  nearline_data_close(&data);
  CHECK(data == NULL);
  GOOD(nearline_index_read_data(index, ids, 3, &some, &data, &error));
  GOOD(nearline_data_get_view(data, &view, &error));
  CHECK(view.column_count == 2 && view.payloads == NULL && strcmp(view.columns[1].name, "year") == 0);
  nearline_data_close(&data);
}

static void finds_all_within_a_radius(const nearline_index* index) {
  nearline_range_options options = {.size = sizeof options, .radius = 4.0F * 25, .filter = "year != 1902"};
  nearline_range_table table = {.size = sizeof table};
  nearline_range* range = NULL;
  GOOD(nearline_index_range_search(index, &kQuery, &options, &range, &error));
  GOOD(nearline_range_get_table(range, &table, &error));
  CHECK(table.rows == 1 && table.offsets[0] == 0 && table.offsets[1] == 5);
  CHECK(table.ids[0] == 0 && table.ids[2] == 3 && table.ids[4] == 5 && table.distances[4] == 100);
  CHECK(table.cut[0] == 0 && table.complete_to[0] == 100 && table.stats_size >= sizeof(nearline_query_stats));
  CHECK(table.stats[0].distance_computations > 0);
  nearline_range_close(&range);
  options.max_results = 2;
  GOOD(nearline_index_range_search(index, &kQuery, &options, &range, &error));
  GOOD(nearline_range_get_table(range, &table, &error));
  CHECK(table.offsets[1] == 2 && table.cut[0] == 1);
  nearline_range_close(&range);
}

static void goes_page_by_page(nearline_index** index) {
  const nearline_search_options options = {.size = sizeof options, .k = 3, .filter = "new"};
  uint64_t ids[10];
  float distances[10];
  nearline_query_stats cost;
  nearline_page page = {.size = sizeof page, .ids = ids, .distances = distances, .capacity = 10};
  nearline_cursor* cursor = NULL;
  char token[80] = "";
  int next = 0;
  page.stats = &cost;
  page.stats_size = sizeof cost;
  do {
    size_t i;
    GOOD(nearline_index_search_page(*index, &kQuery, &options, token, &page, &error));
    for (i = 0; i < page.count; ++i) CHECK(ids[i] == (uint64_t)next++ && distances[i] >= 0);
    memcpy(token, page.next, sizeof token);
    CHECK(page.late == 0 && (page.end != 0) == (strlen(token) == 0));
  } while (page.end == 0);
  CHECK(next == 10);
  GOOD(nearline_index_open_cursor(*index, &kQuery, &options, &cursor, &error));
  nearline_index_close(index);  // the cursor lives on
  GOOD(nearline_cursor_next(cursor, 4, &page, &error));
  CHECK(page.count == 4 && ids[3] == 3 && page.end == 0);
  page.distances = NULL;
  GOOD(nearline_cursor_next(cursor, 10, &page, &error));
  CHECK(page.count == 6 && ids[5] == 9 && page.end == 1);
  nearline_cursor_close(&cursor);
  CHECK(cursor == NULL);
}

static void writes_what_records_say(void) {
  const int64_t years[2] = {3025, 3026};
  const uint8_t present[2] = {0, 1};
  const nearline_column year = {"year", years, NULL, present, NEARLINE_I64, 0};
  const nearline_bytes payloads[2] = {{"x", 1}, {NULL, 0}};
  const nearline_record_data data = {sizeof data, &year, 1, payloads};
  const nearline_matrix two = {said_rows, 2, kDim, NEARLINE_F32};
  const uint64_t ids[2] = {5000, 8};
  uint64_t first = 0, erased = 0, count = 0;
  nearline_writer_options options = {.size = sizeof options, .threads = 1};
  nearline_writer* writer = NULL;
  nearline_index* index = NULL;
  nearline_data* all = NULL;
  nearline_record_data view = {.size = sizeof view};
  GOOD(nearline_writer_open("said.near", &options, &writer, &error));
  GOOD(nearline_writer_upsert(writer, &two, ids, &data, &error));
  GOOD(nearline_writer_insert(writer, &two, NULL, &data, &first, &error));
  FAILS(nearline_writer_erase_where(writer, "new", &erased, &error), NEARLINE_INVALID_ARGUMENT, "commit");
  GOOD(nearline_writer_commit(writer, NEARLINE_DURABLE, NULL, &error));
  GOOD(nearline_writer_erase_where(writer, "year between 1903 and 1950", &erased, &error));
  CHECK(erased == 47);
  GOOD(nearline_writer_commit(writer, NEARLINE_DURABLE, NULL, &error));
  GOOD(nearline_index_open("said.near", NULL, &index, &error));
  GOOD(nearline_index_count(index, "year = 3026", &count, &error));
  CHECK(count == 2);
  GOOD(nearline_index_read_data(index, ids, 2, NULL, &all, &error));  // what one index says another takes
  GOOD(nearline_data_get_view(all, &view, &error));
  CHECK(view.columns[0].present[0] == 0 && view.payloads[0].length == 1);
  GOOD(nearline_writer_insert(writer, &two, NULL, &view, &first, &error));
  GOOD(nearline_writer_commit(writer, NEARLINE_RELAXED, NULL, &error));
  GOOD(nearline_index_refresh(index, NULL, &error));
  GOOD(nearline_index_count(index, "year = 3026 and lang is null", &count, &error));
  CHECK(count == 3);
  nearline_data_close(&all);
  nearline_index_close(&index);
  nearline_writer_close(&writer);
}

int main(void) {
  nearline_index* index = NULL;
  make_said();
  GOOD(nearline_index_open("said.near", NULL, &index, &error));
  keeps_its_attributes(index);
  searches_what_matches(index);
  counts_and_lists_what_matches(index);
  reads_what_records_say(index);
  finds_all_within_a_radius(index);
  goes_page_by_page(&index);
  writes_what_records_say();
  puts("good");
  return 0;
}
