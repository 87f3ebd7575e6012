// SPDX-License-Identifier: Apache-2.0
/// What crash tests let a writer do, drawn from a seed, and what an index must hold afterwards.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"
#include "io/simulated_disk.h"
#include "nearline/writer.h"

namespace nearline::crash {

/// What an index holds: each record's vector by its id. What it says and has in a further field follows from that.
using Model = std::map<Id, std::vector<float>>;

constexpr std::uint32_t kDim = 4;
constexpr const char* kIndex = "index";
constexpr const char* kCopy = "copy";

/// Small tables and lists, so that every step of growth is seen with few records.
inline WriterOptions small_writer() {
  return {.memory_bytes = 64U << 20, .delta_records = 24, .background_merges = false, .threads = 1};
}

/// A writer whose merges, with `beside`, go on while steps commit: by its own thread, or as far as each step lets them.
inline Result<engine::IndexWriter> open_writer(io::FileSystem& fs, bool beside,
                                               engine::MergeThread thread = engine::MergeThread::kCallers) {
  WriterOptions options = small_writer();
  options.background_merges = beside;
  return engine::IndexWriter::open(fs, kIndex, options, thread);
}

enum class Kind {
  kCommit,
  kRelaxed,  ///< a commit that waits for no disk
  kCompact,
  kReplace,  ///< compact_to, onto the index itself
  kSnapshot,
  kCalibrate,
  kSettle  ///< a commit, and more until nothing is left to merge
};

/// A sample to calibrate with.
std::vector<float> some_queries();

/// Changes, and what makes them durable. Where it fails it can be run again from where it failed.
struct Step {
  Kind kind = Kind::kCommit;
  std::vector<Id> erased;
  Model replaced;               ///< by upsert
  Model added;                  ///< by insert
  std::vector<Step> relaxed{};  ///< commits by the same writer before it, all of them kRelaxed
};

class StepSource {
 public:
  explicit StepSource(std::uint64_t seed) : random_(seed) {}

  /// A step of that kind for an index that holds `model`. Of kReplace, kSnapshot and kCalibrate, which change
  /// no record, an empty one.
  Step draw(Kind kind, const Model& model, std::size_t most_added = 30);
  /// The same with some relaxed commits before it, at times.
  Step draw_chain(Kind kind, const Model& model, std::size_t most_added = 30);
  Kind draw_kind();

 private:
  std::vector<Id> some_ids(const Model& model, std::size_t count);
  std::vector<float> vector();

  std::mt19937_64 random_;
  Id next_id_ = 0;
};

/// Ids of the k records of the model nearest to a query, nearest first; all of them where there are fewer.
[[nodiscard]] std::vector<Id> nearest_ids(const Model& model, const std::vector<float>& query, std::size_t k);

[[nodiscard]] Model after(Model model, const Step& step);
/// What is seen one after the other: before the step, after each of its relaxed commits, after the step.
[[nodiscard]] std::vector<Model> states(const Model& model, const Step& step);

/// How much of a step is done: the calls that made changes are not made twice.
struct Done {
  std::size_t relaxed = 0;
  bool erased = false, replaced = false, added = false, beside = false;  ///< of the commit that comes next
};

/// fs: for snapshots. Errors: those of the call that failed.
Result<void> run(io::FileSystem& fs, engine::IndexWriter& writer, const Step& step, Done& done);

/// An index of no records, with the degree that crash tests use, an attribute and, unless it is said, a
/// further field. Durable on return.
void create_index(io::FileSystem& fs, bool further_field = true);
/// What records with these vectors say.
RecordData data_of(const std::vector<std::vector<float>>& rows);

/// All that an index holds, whose records say and have in the further field what `run` gave them. Errors: those of
/// reading; where something else is there.
Result<Model> contents(const engine::LiveIndex& index);
Result<Model> contents(io::FileSystem& fs, const char* path);

}  // namespace nearline::crash
