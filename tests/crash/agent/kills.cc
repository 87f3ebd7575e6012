// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "tests/crash/agent/agent.h"

namespace nearline::crash {
namespace {

/// What was half made and has no name that anybody looks for.
std::uint64_t sweep() {
  std::uint64_t swept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(".")) {
    if (entry.path().filename() == kIndex) continue;
    std::filesystem::remove(entry.path());
    ++swept;
  }
  return swept;
}

}  // namespace

int run_kills(std::uint64_t kills, std::uint64_t seed) {
  Shared& shared = share();
  begin_index(shared);
  std::mt19937_64 random(seed);
  std::uint64_t newer = 0, swept = 0;
  for (std::uint64_t i = 0; i < kills; ++i) {
    const std::uint64_t child_seed = random();
    const pid_t child = start([&] { write_for_ever(shared, child_seed); });
    // Most die within their first commits, where the takeover from the one before is.
    usleep(static_cast<useconds_t>(random() % (random() % 4 == 0 ? 120'000 : 30'000)));
    const bool killed = end(child);
    const std::uint64_t acknowledged = shared.acknowledged;
    const std::string wrong = killed ? check_index(shared) : "the writer ended by itself";
    if (!wrong.empty()) {
      std::fprintf(stderr, "seed %lu, kill %lu: %s\n", seed, i, wrong.c_str());
      return 1;
    }
    newer += shared.acknowledged > acknowledged ? 1 : 0;
    swept += sweep();
  }
  std::printf("%lu kills, %lu commits, %lu of them seen but not acknowledged, %lu unfinished files; seed %lu\n", kills,
              shared.acknowledged.load(), newer, swept, seed);
  return 0;
}

}  // namespace nearline::crash
