// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/agent/agent.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"
#include "format/checksum.h"
#include "nearline/verify.h"

namespace nearline::crash {
namespace {

void say(const char* who, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", who, what.c_str());
}

/// Whether an open index holds the state that it says, and finds what it holds. What is wrong, or nothing.
std::string check_answers(Shared& shared, const engine::LiveIndex& index, std::uint64_t& state) {
  const auto held = contents(index);
  if (!held) return "cannot be read: " + held.error().message();
  state = state_of(held.value());
  if (shared.hashes[state] != hash_of(held.value())) return "state " + std::to_string(state) + " with other records";
  const std::vector<float> query(kDim, 500.0F);
  if (held.value().empty()) return {};
  const auto k = static_cast<std::uint32_t>(std::min<std::size_t>(5, held.value().size()));
  const auto found = index.search({query.data(), 1, kDim}, {.k = k, .l = 400});
  if (!found) return "a search fails: " + found.error().message();
  if (found.value().ids != nearest_ids(held.value(), query, k)) return "a search misses one of the nearest";
  return {};
}

}  // namespace

Shared& share() {
  void* memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return *static_cast<Shared*>(memory);  // zeros are what its members begin with
}

std::uint64_t hash_of(const Model& model) {
  std::vector<std::byte> bytes;
  for (const auto& [id, row] : model) {
    const auto of_id = std::as_bytes(std::span(&id, 1)), of_row = std::as_bytes(std::span(row));
    bytes.insert(bytes.end(), of_id.begin(), of_id.end());
    bytes.insert(bytes.end(), of_row.begin(), of_row.end());
  }
  const auto hash = format::hash128(bytes);
  std::uint64_t part;
  std::memcpy(&part, hash.data(), sizeof part);
  return part;
}

std::uint64_t state_of(const Model& model) {
  const auto found = model.find(0);
  return found == model.end() ? 0 : static_cast<std::uint64_t>(found->second[0]) % kStates;
}

void begin_index(Shared& shared) {
  create_index(io::real_file_system());
  shared.hashes[0] = hash_of({});
}

void write_for_ever(Shared& shared, std::uint64_t seed) {
  io::FileSystem& fs = io::real_file_system();
  std::mt19937_64 random(seed);
  StepSource source(seed);
  while (true) {
    auto writer = open_writer(fs, random() % 4 != 0, engine::MergeThread::kOwn);
    if (!writer && writer.error().code == Code::kBusy) continue;  // the one before is still dying
    if (!writer) return say("writer", writer.error().message());
    auto held = contents(fs, kIndex);
    if (!held) return say("writer", held.error().message());
    Model model = std::move(held).value();
    for (bool replaced = false; !replaced;) {
      Step step = source.draw(source.draw_kind(), model);
      if (step.kind == Kind::kSnapshot) continue;  // that is for readers
      replaced = step.kind == Kind::kReplace;
      std::erase(step.erased, 0);
      std::uint64_t state = state_of(model);
      if (!replaced && step.kind != Kind::kCalibrate) {
        Model added;  // ids that are new, whatever the seed of the writer before was
        for (auto& [id, row] : step.added) added[1 + random() % (1U << 30)] = row;
        for (const auto& [id, row] : model) added.erase(id);
        step.added = std::move(added);
        if (model.size() > 400) {
          for (const auto& [id, row] : model) {
            if (id != 0 && random() % 2 == 0 && !step.replaced.contains(id)) step.erased.push_back(id);
          }
          std::sort(step.erased.begin(), step.erased.end());
          step.erased.erase(std::unique(step.erased.begin(), step.erased.end()), step.erased.end());
        }
        ++state;
        step.replaced[0] = {static_cast<float>(state), 0, 0, 0};
        model = after(std::move(model), step);
        shared.hashes[state] = hash_of(model);
      }
      Done done;
      if (const auto ran = run(fs, writer.value(), step, done); !ran) return say("writer", ran.error().message());
      shared.acknowledged = state;
    }
  }
}

void read_for_ever(Shared& shared, std::uint64_t seed, int number) {
  std::mt19937_64 random(seed);
  constexpr IoMode kModes[] = {IoMode::kPread, IoMode::kMapped, IoMode::kDirect};
  std::uint64_t newest = 0;
  while (true) {
    auto index = engine::LiveIndex::open(io::real_file_system(), kIndex,
                                         {.io = kModes[random() % 3], .memory_bytes = 16U << 20, .threads = 1});
    if (!index) return say("reader", index.error().message());
    for (std::uint64_t turns = 1 + random() % 20; turns > 0; --turns) {
      const std::uint64_t acknowledged = shared.acknowledged;
      const auto moved = index->refresh();
      if (!moved) return say("reader", moved.error().message());
      std::uint64_t first = 0;
      for (std::uint64_t looks = 1 + random() % 5; looks > 0; --looks) {
        std::uint64_t state = 0;
        if (const auto wrong = check_answers(shared, index.value(), state); !wrong.empty()) return say("reader", wrong);
        if (first != 0 && state != first) return say("reader", "a commit that is open changed");
        first = state;
        ++shared.checks;
      }
      if (first < newest || first < acknowledged) return say("reader", "an older state than was acknowledged");
      newest = first;
      if (random() % 16 != 0) continue;
      const std::string copy = "copy" + std::to_string(number);
      if (const auto made = index->snapshot(copy, true); !made) return say("reader", made.error().message());
      const auto copied = contents(io::real_file_system(), copy.c_str());
      if (!copied || hash_of(copied.value()) != shared.hashes[first]) return say("reader", "a snapshot differs");
      ++shared.snapshots;
    }
  }
}

pid_t start(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever kills the driver is rid of all of them
  work();
  _exit(3);
}

bool end(pid_t child) {
  kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

std::string check_index(Shared& shared) {
  const auto report = verify(kIndex, true);
  if (!report) return report.error().message();
  if (!report.value().findings.empty()) return report.value().findings.front().what;
  const auto index = engine::LiveIndex::open(io::real_file_system(), kIndex,
                                             {.io = IoMode::kPread, .memory_bytes = 16U << 20, .threads = 1});
  if (!index) return index.error().message();
  std::uint64_t state = 0;
  if (auto wrong = check_answers(shared, index.value(), state); !wrong.empty()) return wrong;
  const std::uint64_t acknowledged = shared.acknowledged;
  if (state < acknowledged || state > acknowledged + 1) {
    return "state " + std::to_string(state) + " after " + std::to_string(acknowledged) + " was acknowledged";
  }
  shared.acknowledged = state;
  return {};
}

}  // namespace nearline::crash
