// SPDX-License-Identifier: Apache-2.0
/// Processes that work on one real index, in the current folder, and are killed. What the index may hold is kept where
/// all of them see it and no death loses it: record 0 tells the number of its state, a table in shared memory the hash
/// of each state.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "tests/crash/steps.h"

namespace nearline::crash {

constexpr std::uint64_t kStates = 1U << 22;

struct Shared {
  std::atomic<std::uint64_t> acknowledged;  ///< state of the last commit that returned
  std::atomic<std::uint64_t> checks;        ///< by readers
  std::atomic<std::uint64_t> snapshots;
  std::atomic<std::uint64_t> hashes[kStates];
};

/// Seen by this process and its children.
Shared& share();

/// An empty index in the current folder, state 0.
void begin_index(Shared& shared);

[[nodiscard]] std::uint64_t hash_of(const Model& model);
/// What record 0 says.
[[nodiscard]] std::uint64_t state_of(const Model& model);

/// Changes the index until it is killed. Prints what went wrong, and returns, when something does.
void write_for_ever(Shared& shared, std::uint64_t seed);

/// Opens, reads, searches, refreshes, copies. Returns when something is wrong.
void read_for_ever(Shared& shared, std::uint64_t seed, int number);

/// A child that runs this and then exits with 3.
pid_t start(const std::function<void()>& work);
/// Kills it. False when it had ended by itself, which it should not.
[[nodiscard]] bool end(pid_t child);

/// After a death: opens, verifies in full, and compares with the table. What is wrong, or nothing.
[[nodiscard]] std::string check_index(Shared& shared);

// The programs. Exit status.
int run_kills(std::uint64_t kills, std::uint64_t seed);
int run_soak(std::uint64_t seconds, std::uint64_t seed);
int run_full_disk(std::uint64_t seed);

}  // namespace nearline::crash
