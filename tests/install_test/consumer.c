// SPDX-License-Identifier: Apache-2.0
/// What a user of the installed library would write in C99: makes an index, opens it, asks.
#include <nearline/nearline.h>
#include <stdio.h>

int main(void) {
  const float rows[] = {0, 0, 1, 1};
  const nearline_matrix vectors = {rows, 2, 2, NEARLINE_F32}, query = {rows + 2, 1, 2, NEARLINE_F32};
  const nearline_schema schema = {2, NEARLINE_F32, NEARLINE_L2};
  const nearline_search_options options = {.size = sizeof options, .k = 1};
  nearline_error error = {.size = sizeof error};
  nearline_builder* builder = NULL;
  nearline_index* index = NULL;
  uint64_t id = 0;
  nearline_search_result result = {.size = sizeof result, .ids = &id, .capacity = 1};
  if (nearline_builder_create("consumer.near", &schema, NULL, &builder, &error) != NEARLINE_OK) return 1;
  if (nearline_builder_add(builder, &vectors, NULL, NULL, &error) != NEARLINE_OK) return 2;
  if (nearline_builder_finish(builder, NULL, &error) != NEARLINE_OK) return 3;
  nearline_builder_close(&builder);
  if (nearline_index_open("consumer.near", NULL, &index, &error) != NEARLINE_OK) return 4;
  if (nearline_index_search(index, &query, &options, &result, &error) != NEARLINE_OK || id != 1) return 5;
  nearline_index_close(&index);
  printf("consumer of %s: ok\n", nearline_version());
  return 0;
}
