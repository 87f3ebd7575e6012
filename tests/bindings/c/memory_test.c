// SPDX-License-Identifier: Apache-2.0
/// Where the system refuses an allocation, the C interface says so by a status, and goes on. Prints "good".
#include <sys/resource.h>

#include "tests/bindings/c/make_index.h"

int main(void) {
  static float rows[kRows * kDim];
  const nearline_matrix queries = {rows, kRows, kDim, NEARLINE_F32};
  nearline_search_options options = {.size = sizeof options, .k = 65536};
  nearline_error error = {.size = sizeof error};
  nearline_index* index = NULL;
  uint64_t id = 0;
  // Nothing of this room is there: the call fails before it would be filled.
  nearline_search_result result = {.size = sizeof result, .ids = &id, .capacity = (size_t)kRows * 65536};
  const struct rlimit limit = {120U << 20U, 120U << 20U};
  make_index();
  fill_rows(rows, kRows);
  GOOD(nearline_index_open("test.near", NULL, &index, &error));
  CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
  FAILS(nearline_index_search(index, &queries, &options, &result, &error), NEARLINE_NO_MEMORY, "refused an allocation");
  options.k = 1;
  result.capacity = 1;
  GOOD(nearline_index_search(index, &(const nearline_matrix){rows + 7 * kDim, 1, kDim, NEARLINE_F32}, &options, &result,
                             &error));
  CHECK(id == 1007);
  nearline_index_close(&index);
  puts("good");
  return 0;
}
