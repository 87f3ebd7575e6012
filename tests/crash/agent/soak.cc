// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <utility>

#include "tests/crash/agent/agent.h"

namespace nearline::crash {
namespace {

constexpr int kReaders = 8;

}  // namespace

int run_soak(std::uint64_t seconds, std::uint64_t seed) {
  Shared& shared = share();
  begin_index(shared);
  std::mt19937_64 random(seed);
  std::array<pid_t, kReaders + 1> workers{};  // the last one writes
  std::array<bool, kReaders + 1> stopped{};
  const auto begin = [&](int worker) {
    const std::uint64_t child_seed = random();
    workers[worker] = start([&shared, worker, child_seed] {
      worker == kReaders ? write_for_ever(shared, child_seed) : read_for_ever(shared, child_seed, worker);
    });
    stopped[worker] = false;
  };
  for (int worker = 0; worker <= kReaders; ++worker) begin(worker);
  std::uint64_t kills = 0, stops = 0;
  bool good = true;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (good && std::chrono::steady_clock::now() < until) {
    usleep(static_cast<useconds_t>(random() % 40'000));
    const int worker = static_cast<int>(random() % (kReaders + 1));
    if (random() % 2 == 0) {
      stopped[worker] = !stopped[worker];
      kill(workers[worker], stopped[worker] ? SIGSTOP : SIGCONT);
      ++stops;
    } else {
      good = end(std::exchange(workers[worker], 0));  // its number may be another process's from here on
      ++kills;
      if (good) begin(worker);
    }
  }
  for (const pid_t worker : workers) {
    if (worker != 0 && !end(worker)) good = false;
  }
  const std::string wrong = good ? check_index(shared) : "a process ended by itself";
  if (!wrong.empty()) {
    std::fprintf(stderr, "seed %lu: %s\n", seed, wrong.c_str());
    return 1;
  }
  std::printf("%lu seconds, %lu commits, %lu checks by readers, %lu snapshots, %lu kills, %lu stops; seed %lu\n",
              seconds, shared.acknowledged.load(), shared.checks.load(), shared.snapshots.load(), kills, stops, seed);
  return 0;
}

}  // namespace nearline::crash
