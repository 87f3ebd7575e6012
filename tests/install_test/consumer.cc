// SPDX-License-Identifier: Apache-2.0
/// What a user of the installed library would write: makes an index, opens it, asks.
#include <nearline/builder.h>
#include <nearline/index.h>
#include <nearline/version.h>

#include <cstdio>
#include <cstring>

static_assert(NEARLINE_VERSION == 100);

int main() {
  if (std::strcmp(nearline::version(), NEARLINE_VERSION_TEXT) != 0) return 4;
  const float rows[] = {0, 0, 1, 1};
  auto builder = nearline::Builder::create("consumer.near", {.dim = 2});
  if (!builder || !builder->add({rows, 2, 2}) || !builder->finish()) return 1;
  const auto index = nearline::Index::open("consumer.near");
  if (!index) return 2;
  const auto found = index->search({rows + 2, 1, 2}, {.k = 1});
  if (!found || found->ids[0] != 1) return 3;
  std::puts("consumer: ok");
  return 0;
}
