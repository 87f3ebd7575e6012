// SPDX-License-Identifier: Apache-2.0
/// The C interface as C99 uses it: builds, searches, reads, writes, and files of vectors. Prints "good".
#include <math.h>

#include "nearline/nearline_files.h"
#include "tests/bindings/c/make_index.h"

static nearline_error error = {.size = sizeof error};

static void searches(const nearline_index* index) {
  const float rows[2 * kDim] = {7.1F, 7.1F, 7.1F, 7.1F, 150.9F, 150.9F, 150.9F, 150.9F};
  const nearline_matrix queries = {rows, 2, kDim, NEARLINE_F32};
  const nearline_search_options options = {.size = sizeof options, .k = 3};
  uint64_t ids[6];
  float distances[6];
  uint32_t counts[2];
  nearline_query_stats stats[2];
  nearline_search_result result = {.size = sizeof result,
                                   .ids = ids,
                                   .distances = distances,
                                   .capacity = 6,
                                   .counts = counts,
                                   .stats = stats,
                                   .stats_size = sizeof stats[0]};
  GOOD(nearline_index_search(index, &queries, &options, &result, &error));
  CHECK(ids[0] == 1007 && ids[1] == 1008 && ids[2] == 1006);
  CHECK(ids[3] == 1151 && ids[4] == 1150 && ids[5] == 1152);
  CHECK(fabs(distances[0] - 0.04) < 1e-4 && distances[0] < distances[1] && distances[1] < distances[2]);
  CHECK(counts[0] == 3 && counts[1] == 3 && stats[1].distance_computations > 0);
  CHECK(result.expected_recall == 1);

  result.distances = NULL;  // ids alone
  result.counts = NULL;
  result.stats = NULL;
  ids[0] = 0;
  GOOD(nearline_index_search(index, &queries, &options, &result, &error));
  CHECK(ids[0] == 1007);
}

static void pads_short_rows(const nearline_index* index) {
  const float row[kDim] = {0, 0, 0, 0};
  const nearline_matrix query = {row, 1, kDim, NEARLINE_F32};
  const nearline_search_options options = {.size = sizeof options, .k = kRows + 10};
  static uint64_t ids[kRows + 10];
  static float distances[kRows + 10];
  uint32_t count = 0;
  nearline_search_result result = {
      .size = sizeof result, .ids = ids, .distances = distances, .capacity = kRows + 10, .counts = &count};
  GOOD(nearline_index_search(index, &query, &options, &result, &error));
  CHECK(count == kRows && ids[kRows - 1] != NEARLINE_NO_ID);
  CHECK(ids[kRows] == NEARLINE_NO_ID && isinf(distances[kRows]));
}

struct seen {
  uint64_t rows, next;
  int stop;
};

static int visit(void* context, const uint64_t* ids, const nearline_matrix* vectors) {
  struct seen* seen = context;
  size_t i;
  CHECK(vectors->dim == kDim && vectors->type == NEARLINE_F32);
  for (i = 0; i < vectors->rows; ++i) {
    CHECK(ids[i] == seen->next++);
    CHECK(((const float*)vectors->data)[i * kDim] == (float)(ids[i] - 1000));
  }
  seen->rows += vectors->rows;
  return seen->stop;
}

static void reads(const nearline_index* index) {
  const uint64_t ids[3] = {1005, 4, 1003};
  float vectors[3 * kDim];
  uint8_t found[3];
  uint64_t drawn[10];
  size_t count = 0;
  struct seen all = {0, 1000, 0}, first = {0, 1000, 1};
  nearline_index_info info = {.size = sizeof info};
  nearline_memory_usage usage = {.size = sizeof usage};
  nearline_graph_statistics graph = {.size = sizeof graph};
  nearline_system_info machine = {.size = sizeof machine};
  uint64_t counted = 0;
  int degree;
  GOOD(nearline_index_get(index, NULL, ids, 3, vectors, sizeof vectors, found, &error));
  CHECK(found[0] == 1 && found[1] == 0 && found[2] == 1);
  CHECK(vectors[0] == 5 && vectors[kDim] == 0 && vectors[2 * kDim] == 3);
  GOOD(nearline_index_contains(index, NULL, ids, 3, found, &error));
  CHECK(found[0] == 1 && found[1] == 0 && found[2] == 1);
  GOOD(nearline_index_for_each(index, NULL, 64, visit, &all, &error));
  CHECK(all.rows == kRows);
  FAILS(nearline_index_for_each(index, NULL, 64, visit, &first, &error), NEARLINE_CANCELLED, "cancelled");
  CHECK(first.rows == 64);
  GOOD(nearline_index_sample_ids(index, NULL, 10, 1, drawn, &count, &error));
  CHECK(count == 10 && drawn[0] >= 1000 && drawn[0] < drawn[9] && drawn[9] < 1000 + kRows);
  GOOD(nearline_index_get_info(index, NULL, &info, &error));
  CHECK(info.count == kRows && info.schema.dim == kDim && info.schema.metric == NEARLINE_L2 && info.degree == 32);
  CHECK(strlen(info.file_id) == 32 && info.io != 0 && info.ranking != 0 && info.durable == 1);
  GOOD(nearline_index_get_memory_usage(index, &usage, &error));
  CHECK(usage.budget == 16U << 20U);
  GOOD(nearline_index_get_graph_statistics(index, NULL, &graph, NULL, NULL, &error));
  for (degree = 0; degree <= 32; ++degree) counted += graph.degrees[degree];
  CHECK(graph.records == kRows && counted == kRows && graph.edges > kRows &&
        graph.fill[19] + graph.fill[0] <= graph.pages);
  GOOD(nearline_get_system_info(&machine, &error));
  CHECK(machine.processors > 0 && machine.memory_bytes > 0 && strlen(machine.kernels) > 0);
}

static int count_calls(void* context, const char* phase, uint64_t done, uint64_t total) {
  CHECK(strlen(phase) > 0 && (total == 0 || done <= total));
  ++*(int*)context;
  return 0;
}

static void writes(nearline_index* index) {
  const float rows[2 * kDim] = {500, 500, 500, 500, 501, 501, 501, 501};
  const nearline_matrix two = {rows, 2, kDim, NEARLINE_F32};
  const uint64_t ids[2] = {5000, 1003};
  uint64_t first = 0, erased = 0, unknown = 0;
  int dirty = 0, moved = 0, calls = 0;
  uint8_t found[2];
  nearline_writer* writer = NULL;
  nearline_writer_options options = {
      .size = sizeof options, .threads = 1, .progress = count_calls, .progress_context = &calls};
  nearline_commit_report report = {.size = sizeof report};
  nearline_build_report copied = {.size = sizeof copied};
  GOOD(nearline_writer_open("test.near", &options, &writer, &error));
  GOOD(nearline_writer_insert(writer, &two, NULL, NULL, &first, &error));
  CHECK(first == 1000 + kRows);
  GOOD(nearline_writer_upsert(writer, &two, ids, NULL, &error));
  GOOD(nearline_writer_is_dirty(writer, &dirty, &error));
  CHECK(dirty == 1);
  GOOD(nearline_writer_commit(writer, NEARLINE_DURABLE, &report, &error));
  CHECK(report.count == kRows + 3 && report.durable == 1 && report.generation == 2);
  GOOD(nearline_writer_erase(writer, ids, 2, &erased, &unknown, &error));
  CHECK(erased == 2 && unknown == 0);
  GOOD(nearline_writer_abandon(writer, &error));
  GOOD(nearline_writer_is_dirty(writer, &dirty, &error));
  CHECK(dirty == 0);
  GOOD(nearline_index_contains(index, NULL, ids, 2, found, &error));
  CHECK(found[0] == 0);
  GOOD(nearline_index_refresh(index, &moved, &error));
  CHECK(moved == 1);
  GOOD(nearline_index_contains(index, NULL, ids, 2, found, &error));
  CHECK(found[0] == 1);
  GOOD(nearline_writer_erase(writer, ids, 1, NULL, NULL, &error));
  GOOD(nearline_writer_commit(writer, NEARLINE_RELAXED, NULL, &error));
  GOOD(nearline_writer_compact(writer, &report, &error));
  CHECK(report.count == kRows + 2 && report.segments == 1 && calls > 0);
  GOOD(nearline_writer_wait_for_merges(writer, NULL, &error));
  GOOD(nearline_writer_compact_to(writer, "dense.near", 0, &copied, &error));
  CHECK(copied.count == kRows + 2);
  nearline_writer_close(&writer);
  CHECK(writer == NULL);
}

static void files(void) {
  float rows[5 * kDim], back[2 * kDim];
  const nearline_matrix matrix = {rows, 5, kDim, NEARLINE_F32};
  nearline_vector_writer* writer = NULL;
  nearline_vector_file* file = NULL;
  nearline_vector_file_info info = {.size = sizeof info};
  nearline_neighbors* neighbors = NULL;
  nearline_neighbor_table table = {.size = sizeof table}, again = {.size = sizeof again};
  nearline_exact_options exact = {.size = sizeof exact, .k = 2};
  nearline_profile profile = {.size = sizeof profile};
  uint64_t copied = 0;
  fill_rows(rows, 5);
  GOOD(nearline_vector_writer_create("five.fbin", NEARLINE_F32, kDim, 0, 5, &writer, &error));
  GOOD(nearline_vector_writer_append(writer, &matrix, &error));
  GOOD(nearline_vector_writer_finish(writer, &error));
  FAILS(nearline_vector_writer_finish(writer, &error), NEARLINE_INVALID_ARGUMENT, "finished");
  nearline_vector_writer_close(&writer);
  GOOD(nearline_vector_file_open("five.fbin", NULL, &file, &error));
  GOOD(nearline_vector_file_get_info(file, &info, &error));
  CHECK(info.rows == 5 && info.dim == kDim && info.type == NEARLINE_F32);
  GOOD(nearline_vector_file_read(file, 3, 2, back, sizeof back, &error));
  CHECK(back[0] == 3 && back[kDim] == 4);
  FAILS(nearline_vector_file_read(file, 4, 2, back, sizeof back, &error), NEARLINE_INVALID_ARGUMENT, "the file has 5");
  FAILS(nearline_vector_file_read(file, 3, 2, back, 7, &error), NEARLINE_INVALID_ARGUMENT, "out_bytes of 7");
  GOOD(nearline_vector_file_convert(file, "five.npy", 0, NULL, NULL, &copied, &error));
  CHECK(copied == 5);
  GOOD(nearline_exact_neighbors(file, file, &exact, &neighbors, &error));
  GOOD(nearline_neighbors_get_table(neighbors, &table, &error));
  CHECK(table.queries == 5 && table.k == 2 && table.ids[2] == 1 && table.ids[3] == 0 && table.distances[3] == kDim);
  GOOD(nearline_neighbors_write("truth.ibin", &table, 0, &error));
  nearline_neighbors_close(&neighbors);
  GOOD(nearline_neighbors_read("truth.ibin", &neighbors, &error));
  GOOD(nearline_neighbors_get_table(neighbors, &again, &error));
  CHECK(again.queries == 5 && again.ids[3] == 0 && again.distances[3] == kDim);
  nearline_neighbors_close(&neighbors);
  GOOD(nearline_profile_file(file, NULL, &profile, &error));
  CHECK(profile.rows == 5 && profile.zero_vectors == 1 && profile.first_invalid_row == NEARLINE_NO_ID);
  nearline_vector_file_close(&file);
}

static void checks(void) {
  nearline_verify_options full = {.size = sizeof full, .full = 1};
  nearline_verify_report report = {.size = sizeof report};
  nearline_salvage_report saved = {.size = sizeof saved};
  nearline_estimate estimate = {.size = sizeof estimate};
  const nearline_schema schema = {128, NEARLINE_U8, NEARLINE_L2};
  GOOD(nearline_verify("test.near", &full, &report, &error));
  CHECK(report.finding_count == 0 && report.full == 1 && report.records_checked == kRows + 2);
  GOOD(nearline_salvage("test.near", "saved.near", NULL, &saved, &error));
  CHECK(saved.saved == kRows + 2 && saved.complete == 1);
  GOOD(nearline_estimate_build(1000000, &schema, NULL, &estimate, &error));
  CHECK(estimate.file_bytes > 128000000 && estimate.layout == NEARLINE_LEAN);
}

int main(void) {
  nearline_open_options options = {.size = sizeof options, .memory_bytes = 16U << 20U};
  nearline_index* index = NULL;
  make_index();
  GOOD(nearline_index_open("test.near", &options, &index, &error));
  searches(index);
  pads_short_rows(index);
  reads(index);
  GOOD(nearline_index_snapshot(index, "copy.near", 0, NULL, NULL, &error));
  writes(index);
  nearline_index_close(&index);
  nearline_index_close(&index);  // closed already
  files();
  checks();
  puts("good");
  return 0;
}
