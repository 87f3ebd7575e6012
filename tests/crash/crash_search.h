// SPDX-License-Identifier: Apache-2.0
/// Runs a workload on a simulated disk, and lets the power fail and the process die wherever that may matter. After a
/// death of the process there must be the last commit that was acknowledged or the one in progress, whole; after a loss
/// of power the last durable one or the durable one in progress, and none that was only relaxed. A violation is a
/// sentence, not a failed check: tests of mutants want to see one.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/crash/steps.h"

namespace nearline::crash {

/// The file system that a writer sees, made from the disk: a mutant stands between the two.
using Wrap = std::function<std::unique_ptr<io::FileSystem>(io::FileSystem&)>;

struct SearchPlan {
  std::uint64_t seed = 1;
  int steps = 10;
  std::uint64_t cuts_per_call = 3;    ///< power cuts before every call that changes the disk
  std::uint64_t cuts_after_kill = 1;  ///< the same in the step after a process died
  bool kills = true;                  ///< the process dies at a call of a step, and another one goes on
  std::uint64_t kill_every = 1;       ///< call it dies at; the seed says at which it begins
  bool failed_flushes = true;         ///< so does it after a flush failed and what was to be flushed is forgotten
  bool merges_beside = false;         ///< of commits, by the calls of the steps
  std::uint64_t reader_every = 3;     ///< a reader opens before every third step and holds on for three; 0: none
  Wrap wrap{};                        ///< none: the disk itself
  std::uint64_t most_images = ~std::uint64_t{0};  ///< the search ends with these, in the middle of whatever it does
};

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t newer = 0;  ///< that held the commit in progress
  std::uint64_t kills = 0;
  std::uint64_t commits = 0;
  std::uint64_t relaxed = 0;      ///< commits besides, each cut and killed like the others
  std::uint64_t generations = 0;  ///< rounds that went on from what a power cut left
};

/// The first violation, or nothing.
std::string search_for_violation(const SearchPlan& plan, Tally& tally);

/// What images may hold at a name; no model: no file.
using Allowed = std::map<std::string, std::vector<std::optional<Model>>>;

/// Whether each name of the disk holds something that is allowed, and is whole. thorough: searched and written to, too.
/// found: what the index holds, where that is wanted.
std::string check_image(io::SimulatedDisk& disk, const Allowed& allowed, bool thorough, Model* found = nullptr);

/// Whether the commit before can be read where the newest superblock is damaged.
std::string check_fallback(const io::SimulatedDisk& disk);

}  // namespace nearline::crash
