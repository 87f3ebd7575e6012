// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/crash_search.h"
#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"

#include <cerrno>
#include <utility>

namespace nearline::crash {
namespace {

using io::Operation;
using io::SimulatedDisk;

constexpr std::uint64_t kThoroughOneIn = 16;
constexpr std::uint64_t kFallbackOneIn = 4;
constexpr std::size_t kFirstRecords = 150;
constexpr int kReaderSteps = 3;

/// Between two calls that only look, a crash leaves the same.
bool changes_disk(Operation operation) {
  switch (operation) {
    case Operation::kOpen:
    case Operation::kRead:
    case Operation::kMap:
    case Operation::kLock: return false;
    default: return true;
  }
}

bool is_flush(Operation operation) {
  return operation == Operation::kSync || operation == Operation::kSyncDirectory;
}

/// Whether a writer's first commit makes durable what it finds, in the course of the step.
bool takes_over(const Step& step) {
  return !step.relaxed.empty() || (step.kind != Kind::kSnapshot && step.kind != Kind::kReplace);
}
bool is_durable(const Step& step) {
  return step.kind != Kind::kRelaxed && step.kind != Kind::kSnapshot;
}

/// What images may hold after a loss of power while a step runs, and once it is acknowledged. before: what was seen.
void permit(const Step& step, const Model& before, Allowed& allowed) {
  if (takes_over(step)) allowed[kIndex].emplace_back(before);
  if (step.kind == Kind::kSnapshot) allowed[kCopy].emplace_back(after(before, step));
  if (is_durable(step)) allowed[kIndex].emplace_back(after(before, step));
}
void acknowledge(const Step& step, const Model& before, Allowed& allowed) {
  if (takes_over(step)) allowed[kIndex] = {before};
  if (step.kind == Kind::kSnapshot) allowed[kCopy] = {after(before, step)};
  if (is_durable(step)) allowed[kIndex] = {after(before, step)};
}

class Search {
 public:
  Search(const SearchPlan& plan, Tally& tally) : plan_(plan), tally_(tally), source_(plan.seed), random_(plan.seed) {}

  std::string run() {
    disk_ = std::make_unique<SimulatedDisk>(plan_.seed);
    create_index(*disk_);
    allowed_ = {{kIndex, {Model{}}}, {kCopy, {std::nullopt}}};
    for (int i = 0; i < plan_.steps && going(); ++i) {
      const Model before = seen_;
      // The first ones of every workload have all kinds.
      constexpr Kind kFirst[] = {Kind::kCommit,  Kind::kCommit,    Kind::kRelaxed, Kind::kSnapshot, Kind::kCompact,
                                 Kind::kRelaxed, Kind::kCalibrate, Kind::kSettle,  Kind::kReplace};
      const Kind kind = i < static_cast<int>(std::size(kFirst)) ? kFirst[i] : source_.draw_kind();
      const Step step = source_.draw_chain(kind, before, i == 1 ? kFirstRecords : 30);
      constexpr const char* kNames[] = {"commit", "relaxed", "compact", "replace", "snapshot", "calibrate", "settle"};
      with_fallback_ = settled_ && step.relaxed.empty() && kind != Kind::kRelaxed;
      context_ = "seed " + std::to_string(plan_.seed) + ", step " + std::to_string(i) + " (" +
                 kNames[static_cast<int>(kind)] + " after " + std::to_string(step.relaxed.size()) + ")";
      const std::vector<Operation> calls = calls_of(step, before);
      if (plan_.kills) kill_everywhere(step, before, calls);
      if (plan_.failed_flushes) fail_flushes(step, before, calls);
      if (!going()) break;
      if (i > 4 && random_() % 4 == 0) {
        go_on_from_cut(step, before, calls);
      } else {
        hold_readers(i, before);
        advance(step, before);
      }
    }
    return violation_;
  }

 private:
  [[nodiscard]] bool going() const { return violation_.empty() && tally_.images < plan_.most_images; }
  void violated(const std::string& what) {
    if (violation_.empty()) violation_ = context_ + ": " + what;
  }

  struct Seen {
    std::unique_ptr<io::FileSystem> wrapped;
    io::FileSystem* fs = nullptr;
  };
  [[nodiscard]] Seen seen(SimulatedDisk& disk) const {
    Seen made;
    if (plan_.wrap) made.wrapped = plan_.wrap(disk);
    made.fs = made.wrapped ? made.wrapped.get() : &disk;
    return made;
  }

  /// Lets the power fail now, so many times.
  void cut(const SimulatedDisk& disk, const Allowed& allowed, const Model* coming, std::uint64_t times) {
    for (std::uint64_t i = 0; i < times && going(); ++i) {
      const std::uint64_t seed = random_();
      const auto left = disk.after_power_cut(seed);
      Model held;
      std::string wrong = with_fallback_ && tally_.images % kFallbackOneIn == 0 ? check_fallback(*left) : "";
      if (wrong.empty()) wrong = check_image(*left, allowed, tally_.images % kThoroughOneIn == 0, &held);
      ++tally_.images;
      if (coming != nullptr && allowed.at(kIndex).size() > 1 && held == *coming) ++tally_.newer;
      if (!wrong.empty()) violated("power cut " + std::to_string(seed) + ": " + wrong);
    }
  }

  /// Runs a step, with power cuts before each call that changes the disk and after the last one.
  void run_cut(SimulatedDisk& disk, const Step& step, const Model& before, Allowed& allowed, std::uint64_t times) {
    const Model coming = after(before, step);
    permit(step, before, allowed);
    const Seen fs = seen(disk);
    auto writer = open_writer(*fs.fs, plan_.merges_beside);
    if (!writer) return violated("no writer can open it: " + writer.error().message());
    disk.on_call([&](std::uint64_t, Operation operation) {
      if (changes_disk(operation)) cut(disk, allowed, &coming, times);
    });
    Done done;
    const auto ran = nearline::crash::run(*fs.fs, writer.value(), step, done);
    disk.on_call({});
    if (!ran) return violated("fails: " + ran.error().message());
    ++tally_.commits;
    tally_.relaxed += step.relaxed.size();
    acknowledge(step, before, allowed);
    const std::string context = std::exchange(context_, context_ + ", acknowledged");
    cut(disk, allowed, nullptr, times);
    context_ = context;
    const auto held = contents(disk, kIndex);
    if (!held || held.value() != coming) violated("does not hold what was committed");
  }

  void advance(const Step& step, const Model& before) {
    run_cut(*disk_, step, before, allowed_, plan_.cuts_per_call);
    seen_ = after(before, step);
    settled_ = is_durable(step) || with_fallback_;
    check_readers();
  }

  /// The calls of the disk that a step makes from the first change on.
  std::vector<Operation> calls_of(const Step& step, const Model&) {
    std::vector<Operation> calls;
    const auto disk = disk_->clone();
    const Seen fs = seen(*disk);
    auto writer = open_writer(*fs.fs, plan_.merges_beside);
    if (!writer) return violated("no writer can open it: " + writer.error().message()), calls;
    disk->on_call([&](std::uint64_t, Operation operation) { calls.push_back(operation); });
    Done done;
    const auto ran = nearline::crash::run(*fs.fs, writer.value(), step, done);
    disk->on_call({});
    if (!ran) violated("fails: " + ran.error().message());
    return calls;
  }

  /// Another writer takes over from what one left that failed; meanwhile the power fails.
  void take_over(SimulatedDisk& disk, const Step& failed, const Model& before, const Done& done, bool acknowledged) {
    Allowed allowed = allowed_;
    (acknowledged ? acknowledge : permit)(failed, before, allowed);
    // No death takes what was seen, durable or not: of a step all relaxed commits that returned.
    const std::vector<Model> all = states(before, failed);
    Allowed alive = allowed;
    alive[kIndex] = {all.back()};
    if (!acknowledged) alive[kIndex] = {all[done.relaxed], all[done.relaxed + 1]};
    if (const auto wrong = check_image(disk, alive, false); !wrong.empty()) return violated(wrong);
    const auto visible = contents(disk, kIndex);
    if (!visible) return violated(visible.error().message());
    // What is visible need not be durable yet, but it is what the next commit builds on.
    const Step next = source_.draw_chain(Kind::kCommit, visible.value(), 8);
    const bool with_fallback = std::exchange(with_fallback_, with_fallback_ && next.relaxed.empty());
    run_cut(disk, next, visible.value(), allowed, plan_.cuts_after_kill);
    with_fallback_ = with_fallback;
  }

  void kill_everywhere(const Step& step, const Model& before, const std::vector<Operation>& calls) {
    const std::string context = context_;
    for (std::uint64_t k = 1, change = plan_.seed; k <= calls.size() && going(); ++k) {
      if (!changes_disk(calls[k - 1]) || change++ % plan_.kill_every != 0) continue;
      context_ = context + ", killed at call " + std::to_string(k);
      const auto disk = disk_->clone();
      bool acknowledged = false;
      Done done;
      {
        const Seen fs = seen(*disk);
        auto writer = open_writer(*fs.fs, plan_.merges_beside);
        if (!writer) return violated("no writer can open it: " + writer.error().message());
        disk->set_faults({.fail_call = disk->calls() + k, .fail_for_ever = true});
        acknowledged = nearline::crash::run(*fs.fs, writer.value(), step, done).has_value();
      }
      disk->set_faults({});
      ++tally_.kills;
      take_over(*disk, step, before, done, acknowledged);
    }
    context_ = context;
  }

  void fail_flushes(const Step& step, const Model& before, const std::vector<Operation>& calls) {
    const std::string context = context_;
    for (std::uint64_t k = 1; k <= calls.size() && going(); ++k) {
      if (!is_flush(calls[k - 1])) continue;
      context_ = context + ", flush failed at call " + std::to_string(k);
      const auto disk = disk_->clone();
      Done done;
      {
        const Seen fs = seen(*disk);
        auto writer = open_writer(*fs.fs, plan_.merges_beside);
        if (!writer) return violated("no writer can open it: " + writer.error().message());
        disk->set_faults({.fail_call = disk->calls() + k, .error = EIO, .sync_drops = true});
        const auto ran = nearline::crash::run(*fs.fs, writer.value(), step, done);
        disk->set_faults({});
        if (ran) violated("a flush that failed is reported as success");
        const bool unknown = !ran && ran.error().code == Code::kCommitUnknown && step.kind != Kind::kSnapshot;
        if (unknown && writer.value().commit()) violated("a writer goes on after a flush that failed");
      }
      take_over(*disk, step, before, done, false);
    }
    context_ = context;
  }

  /// The power fails in the middle of the step, and all else happens to what that left.
  void go_on_from_cut(const Step& step, const Model& before, const std::vector<Operation>& calls) {
    readers_.clear();
    permit(step, before, allowed_);
    std::unique_ptr<SimulatedDisk> left;
    {
      const Seen fs = seen(*disk_);
      auto writer = open_writer(*fs.fs, plan_.merges_beside);
      if (!writer) return violated("no writer can open it: " + writer.error().message());
      std::uint64_t until = 1 + random_() % calls.size();
      disk_->on_call([&](std::uint64_t, Operation) {
        if (--until == 0) left = disk_->after_power_cut(random_());
      });
      Done done;
      if (!nearline::crash::run(*fs.fs, writer.value(), step, done)) violated("fails");
      disk_->on_call({});
    }
    if (!left) return violated("made fewer calls than before");
    ++tally_.images;
    ++tally_.generations;
    if (const auto wrong = check_image(*left, allowed_, false); !wrong.empty()) return violated(wrong);
    disk_ = std::move(left);
    const auto settle = [&](const char* name) {
      auto held = contents(*disk_, name);
      allowed_[name] = {held ? std::optional(std::move(held).value()) : std::nullopt};
    };
    settle(kIndex);
    settle(kCopy);
    seen_ = *allowed_[kIndex].front();
    settled_ = with_fallback_;
  }

  struct Reader {
    engine::LiveIndex index;
    Model held;
    int steps = 0;
  };
  void hold_readers(int step, const Model& held) {
    if (plan_.reader_every == 0 || static_cast<std::uint64_t>(step) % plan_.reader_every != 0) return;
    auto index =
        engine::LiveIndex::open(*disk_, kIndex, {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1});
    if (!index) return violated("no reader can open it: " + index.error().message());
    readers_.push_back({std::move(index).value(), held});
  }
  /// A reader reads for the first time when its commit is some steps old: what it has read once its cache keeps.
  void check_readers() {
    for (Reader& reader : readers_) {
      if (++reader.steps < kReaderSteps) continue;
      const auto held = contents(reader.index);
      if (!held || held.value() != reader.held) {
        violated("a reader lost its commit: " + (held ? std::string("other records") : held.error().message()));
      }
    }
    std::erase_if(readers_, [](const Reader& reader) { return reader.steps >= kReaderSteps; });
  }

  const SearchPlan& plan_;
  Tally& tally_;
  StepSource source_;
  std::mt19937_64 random_;
  std::unique_ptr<SimulatedDisk> disk_;
  Allowed allowed_;  ///< after a loss of power now
  Model seen_;       ///< what the index holds now, durable or not
  /// Whether each slot of what a cut leaves names a commit whose space nobody has written: after several relaxed
  /// commits a disk may still have the superblock that they all replaced.
  bool with_fallback_ = true;
  bool settled_ = true;  ///< it will be so once the step is done
  std::vector<Reader> readers_;
  std::string context_;
  std::string violation_;
};

}  // namespace

std::string search_for_violation(const SearchPlan& plan, Tally& tally) {
  return Search(plan, tally).run();
}

}  // namespace nearline::crash
