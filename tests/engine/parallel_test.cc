// SPDX-License-Identifier: Apache-2.0
#include "engine/parallel.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <numeric>
#include <vector>

namespace nearline::engine {
namespace {

enum Outcome : int { kGood = 0, kWrong = 1, kNoLimit = 77 };

/// In a process of its own, a user's with no other one, which may have so many threads.
int run_with_limit(rlim_t threads) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto user = static_cast<uid_t>(60'000 + ::getpid() % 5'000);
    if (::geteuid() == 0 && ::setresuid(user, user, user) != 0) ::_exit(kNoLimit);  // root has no limit
    const rlimit limit{threads, threads};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) ::_exit(kNoLimit);
    std::vector<int> seen(1'000);
    parallel_for(seen.size(), 3, 16, [&](std::size_t begin, std::size_t end, unsigned thread) {
      for (std::size_t i = begin; i < end; ++i) seen[i] += thread < 16 ? 1 : 1'000;
    });
    const bool all = std::accumulate(seen.begin(), seen.end(), 0) == 1'000 && seen == std::vector<int>(1'000, 1);
    ::_exit(all ? kGood : kWrong);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_SUITE("engine/parallel") {
  TEST_CASE("where the system gives few threads or none, those that are there do all of the work") {
    for (const rlim_t threads : {1U, 2U, 5U}) {
      CAPTURE(threads);
      const int outcome = run_with_limit(threads);
      if (outcome == kNoLimit) {
        MESSAGE("this process cannot be given a limit on threads");
        return;
      }
      CHECK(outcome == kGood);
    }
  }
}

}  // namespace nearline::engine
