// SPDX-License-Identifier: Apache-2.0
/// Threads share one index through the C interface, and each has its own errors. Prints "good".
#include <pthread.h>

#include "tests/bindings/c/make_index.h"

static nearline_index* opened;

static void* search(void* number) {
  const int own = *(const int*)number;
  const float row[kDim] = {(float)own, (float)own, (float)own, (float)own};
  const nearline_matrix query = {row, 1, kDim, NEARLINE_F32};
  nearline_error error = {.size = sizeof error};
  char name[32];
  int i;
  snprintf(name, sizeof name, "nowhere%d.near", own);
  for (i = 0; i < 200; ++i) {
    nearline_index* none = NULL;
    uint64_t id = 0;
    nearline_search_options options = {.size = sizeof options, .k = 1};
    nearline_search_result result = {.size = sizeof result, .ids = &id, .capacity = 1};
    GOOD(nearline_index_search(opened, &query, &options, &result, &error));
    CHECK(id == 1000 + (uint64_t)own);
    FAILS(nearline_index_open(name, NULL, &none, &error), NEARLINE_NOT_FOUND, name);
  }
  return NULL;
}

int main(void) {
  enum { kThreads = 4 };
  pthread_t threads[kThreads];
  int numbers[kThreads], i;
  nearline_error error = {.size = sizeof error};
  make_index();
  GOOD(nearline_index_open("test.near", NULL, &opened, &error));
  for (i = 0; i < kThreads; ++i) {
    numbers[i] = 10 * i;
    CHECK(pthread_create(&threads[i], NULL, search, &numbers[i]) == 0);
  }
  for (i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  nearline_index_close(&opened);
  puts("good");
  return 0;
}
