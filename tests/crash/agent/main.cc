// SPDX-License-Identifier: Apache-2.0
/// Kills processes that work on an index in a folder of its own, and looks at what is left.
///   crash_agent kills FOLDER NUMBER SEED     a writer is killed so many times
///   crash_agent soak FOLDER SECONDS SEED     a writer and eight readers are killed and stopped at random
///   crash_agent full FOLDER SEED             the file system of the folder, a small one, is full at many sizes
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/crash/agent/agent.h"

int main(int argc, char** argv) {
  using namespace nearline::crash;
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (argc < 4 || chdir(argv[2]) != 0) {
    std::fprintf(stderr, "usage: crash_agent kills|soak|full FOLDER ...\n");
    return 1;
  }
  const auto number = [&](int i) { return i < argc ? std::strtoull(argv[i], nullptr, 10) : 1; };
  if (what == "kills") return run_kills(number(3), number(4));
  if (what == "soak") return run_soak(number(3), number(4));
  if (what == "full") return run_full_disk(number(3));
  return 1;
}
