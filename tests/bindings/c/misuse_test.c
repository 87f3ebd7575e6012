// SPDX-License-Identifier: Apache-2.0
/// The C interface misused: NULL, closed handles, wrong sizes, older and newer structs. Nothing crashes; prints "good".
#include "nearline/nearline_files.h"
#include "tests/bindings/c/make_index.h"

static nearline_error error = {.size = sizeof error};
static nearline_index* opened;

#define INVALID(call, words) FAILS(call, NEARLINE_INVALID_ARGUMENT, words)

static void null_arguments(void) {
  const nearline_schema schema = {kDim, NEARLINE_F32, NEARLINE_L2};
  const nearline_matrix nowhere = {NULL, 3, kDim, NEARLINE_F32};
  nearline_builder* builder = NULL;
  nearline_index* index = NULL;
  nearline_vector_file* file = NULL;
  uint64_t id = 0;
  INVALID(nearline_index_open(NULL, NULL, &index, &error), "path: expected an address, found NULL");
  INVALID(nearline_index_open("test.near", NULL, NULL, &error), "index: expected an address, found NULL");
  INVALID(nearline_index_search(NULL, &nowhere, NULL, NULL, &error), "index");
  INVALID(nearline_index_search(opened, NULL, NULL, NULL, &error), "queries");
  INVALID(nearline_index_search(opened, &nowhere, NULL, NULL, &error), "3 rows in `data`, found NULL");
  INVALID(nearline_index_get(opened, NULL, NULL, 1, &id, kDim * sizeof(float), NULL, &error), "ids");
  INVALID(nearline_index_get(opened, NULL, &id, 1, NULL, kDim * sizeof(float), NULL, &error), "out");
  INVALID(nearline_index_contains(opened, NULL, &id, 1, NULL, &error), "found");
  INVALID(nearline_index_for_each(opened, NULL, 10, NULL, NULL, &error), "visit");
  INVALID(nearline_index_get_info(opened, NULL, NULL, &error), "info");
  INVALID(nearline_index_snapshot(opened, NULL, 0, NULL, NULL, &error), "output");
  INVALID(nearline_index_refresh(NULL, NULL, &error), "index");
  INVALID(nearline_builder_create("new.near", NULL, NULL, &builder, &error), "schema");
  INVALID(nearline_builder_create("new.near", &schema, NULL, NULL, &error), "builder");
  INVALID(nearline_builder_add(NULL, &nowhere, NULL, NULL, &error), "builder");
  INVALID(nearline_writer_commit(NULL, NEARLINE_DURABLE, NULL, &error), "writer");
  INVALID(nearline_vector_file_read(NULL, 0, 1, &id, 8, &error), "file");
  INVALID(nearline_vector_file_open(NULL, NULL, &file, &error), "path");
  INVALID(nearline_verify("test.near", NULL, NULL, &error), "report");
  CHECK(index == NULL && builder == NULL && file == NULL);
  CHECK(nearline_index_open(NULL, NULL, &index, NULL) == NEARLINE_INVALID_ARGUMENT);  // nor need there be an error
  nearline_index_close(NULL);
  nearline_index_close(&index);
}

static void spent_and_closed(void) {
  const nearline_schema schema = {kDim, NEARLINE_F32, NEARLINE_L2};
  const float row[kDim] = {0, 0, 0, 0};
  const nearline_matrix one = {row, 1, kDim, NEARLINE_F32};
  nearline_builder* builder = NULL;
  nearline_index* index = NULL;
  nearline_index_info info = {.size = sizeof info};
  GOOD(nearline_builder_create("spent.near", &schema, NULL, &builder, &error));
  GOOD(nearline_builder_add(builder, &one, NULL, NULL, &error));
  GOOD(nearline_builder_finish(builder, NULL, &error));
  INVALID(nearline_builder_add(builder, &one, NULL, NULL, &error), "found one that is finished");
  INVALID(nearline_builder_finish(builder, NULL, &error), "found one that is finished");
  nearline_builder_close(&builder);
  INVALID(nearline_builder_add(builder, &one, NULL, NULL, &error), "builder");
  GOOD(nearline_index_open("test.near", NULL, &index, &error));
  nearline_index_close(&index);
  INVALID(nearline_index_get_info(index, NULL, &info, &error), "index");
}

static void wrong_sizes(void) {
  const float row[kDim] = {1, 1, 1, 1};
  const nearline_matrix one = {row, 1, kDim, NEARLINE_F32}, wide = {row, 1, 2, NEARLINE_F32};
  const nearline_matrix odd = {row, 1, kDim, 99}, huge = {row, SIZE_MAX / 2, kDim, NEARLINE_F32};
  nearline_search_options options = {.size = sizeof options, .k = 4};
  uint64_t ids[10];
  float vector[kDim];
  nearline_search_result result = {.size = sizeof result, .ids = ids, .capacity = 3};
  INVALID(nearline_index_search(opened, &one, &options, &result, &error),
          "capacity of 3: expected room for 1 rows of 4");
  result.capacity = 10;
  INVALID(nearline_index_search(opened, &wide, &options, &result, &error), "dimension 2");
  INVALID(nearline_index_search(opened, &odd, &options, &result, &error), "type of 99");
  INVALID(nearline_index_search(opened, &huge, &options, &result, &error), "more bytes than there are");
  options.reserved = 1;
  FAILS(nearline_index_search(opened, &one, &options, &result, &error), NEARLINE_UNSUPPORTED, "search options");
  options.reserved = 0;
  options.size = 0;
  INVALID(nearline_index_search(opened, &one, &options, &result, &error), "search options: expected its size");
  options.size = sizeof options;
  result.size = 0;
  INVALID(nearline_index_search(opened, &one, &options, &result, &error), "result: expected its size");
  ids[0] = 1001;
  INVALID(nearline_index_get(opened, NULL, ids, 1, vector, 3, NULL, &error), "3");
}

/// What a caller has that was compiled before the last fields came: as much is read, as much is written.
static void older_structs(void) {
  const float row[kDim] = {3, 3, 3, 3};
  const nearline_matrix one = {row, 1, kDim, NEARLINE_F32};
  nearline_index* index = NULL;
  uint64_t ids[10];
  struct {
    size_t size;
    uint32_t k;
    uint32_t beyond;
  } options = {offsetof(nearline_search_options, l), 2, 77};
  struct {
    size_t size;
    uint64_t* ids;
    float* distances;
    size_t capacity;
  } result = {sizeof result, ids, NULL, 10};
  struct {
    size_t size;
    uint64_t count;
    uint64_t beyond;
  } info = {2 * sizeof(uint64_t), 0, 77};
  struct {
    size_t size;
    nearline_status status;
    int32_t system;
    uint64_t beyond;
  } old_error = {16, 0, 0, 77};
  ids[2] = 77;
  GOOD(nearline_index_search(opened, &one, (const nearline_search_options*)(const void*)&options,
                             (nearline_search_result*)(void*)&result, &error));
  CHECK(ids[0] == 1003 && ids[2] == 77);
  GOOD(nearline_index_get_info(opened, NULL, (nearline_index_info*)(void*)&info, &error));
  CHECK(info.count == kRows && info.beyond == 77 && info.size == 16);
  CHECK(nearline_index_open("nowhere.near", NULL, &index, (nearline_error*)(void*)&old_error) == NEARLINE_NOT_FOUND);
  CHECK(old_error.status == NEARLINE_NOT_FOUND && old_error.beyond == 77);
}

/// What a caller has that was compiled for a later version: zeros are no wishes, anything else cannot be granted.
static void newer_structs(void) {
  struct {
    nearline_open_options known;
    uint64_t later;
  } options;
  struct {
    nearline_memory_usage known;
    uint64_t later;
  } usage;
  nearline_index* index = NULL;
  memset(&options, 0, sizeof options);
  options.known.size = sizeof options;
  GOOD(nearline_index_open("test.near", &options.known, &index, &error));
  memset(&usage, 0, sizeof usage);
  usage.known.size = sizeof usage;
  GOOD(nearline_index_get_memory_usage(index, &usage.known, &error));
  CHECK(usage.known.budget == 64U << 20U && usage.later == 0);
  nearline_index_close(&index);
  options.later = 1;
  FAILS(nearline_index_open("test.near", &options.known, &index, &error), NEARLINE_UNSUPPORTED, "open options: byte");
}

/// An error names the file and the place; what does not fit is cut.
static void errors(void) {
  static char path[3000];
  nearline_index* index = NULL;
  FILE* junk = fopen("junk.near", "wb");
  CHECK(junk != NULL);
  CHECK(fwrite("not an index", 1, 12, junk) == 12 && fclose(junk) == 0);
  FAILS(nearline_index_open("junk.near", NULL, &index, &error), NEARLINE_NOT_AN_INDEX, "junk.near");
  CHECK(strcmp(error.file, "junk.near") == 0);
  FAILS(nearline_index_open("nowhere.near", NULL, &index, &error), NEARLINE_NOT_FOUND, "nowhere.near");
  CHECK(error.system != 0);
  memset(path, 'x', sizeof path - 1);
  CHECK(nearline_index_open(path, NULL, &index, &error) != NEARLINE_OK);
  CHECK(strlen(error.file) == sizeof error.file - 1 && strlen(error.message) == sizeof error.message - 1);
  CHECK(strcmp(nearline_status_name(NEARLINE_CORRUPT), "corrupt") == 0);
  CHECK(strcmp(nearline_status_name(-1), "unknown") == 0 && strcmp(nearline_status_name(1000000), "unknown") == 0);
}

static int stop(void* context, const char* phase, uint64_t done, uint64_t total) {
  (void)context, (void)phase, (void)done, (void)total;
  return 1;
}

static void cancelled(void) {
  FAILS(nearline_index_snapshot(opened, "stopped.near", 0, stop, NULL, &error), NEARLINE_CANCELLED, "cancelled");
}

/// More memory than there is: a status.
static void too_much(void) {
  size_t found = 0;
  uint64_t id = 0;
  CHECK(nearline_index_get(opened, NULL, &id, SIZE_MAX, &id, 8, NULL, &error) == NEARLINE_INVALID_ARGUMENT);
  CHECK(nearline_index_for_each(opened, NULL, 0, NULL, NULL, &error) == NEARLINE_INVALID_ARGUMENT);
  CHECK(nearline_index_sample_ids(opened, NULL, 0, 1, NULL, &found, &error) == NEARLINE_OK && found == 0);
}

int main(void) {
  make_index();
  GOOD(nearline_index_open("test.near", NULL, &opened, &error));
  null_arguments();
  spent_and_closed();
  wrong_sizes();
  newer_structs();
  errors();
  cancelled();
  too_much();
  older_structs();
  nearline_index_close(&opened);
  puts("good");
  return 0;
}
