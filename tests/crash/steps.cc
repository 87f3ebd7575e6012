// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/steps.h"
#include "engine/api/live_index.h"
#include "engine/make/index_maker.h"
#include "engine/write/index_writer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace nearline::crash {
namespace {

// What a record says and has beside its vector follows from the vector, so that models keep the vectors alone.
constexpr const char* kSum = "sum";
constexpr const char* kBeside = "beside";
constexpr std::uint32_t kBesideDim = 2;

std::int64_t sum_of(const std::vector<float>& row) {
  return static_cast<std::int64_t>(std::accumulate(row.begin(), row.end(), 0.0F));
}

/// Every second record has a vector in the further field.
bool has_beside(Id id) {
  return id % 2 == 0;
}

std::vector<float> beside_of(const std::vector<float>& row) {
  return {row[1], row[0] + 1};
}

/// Records as the calls of a writer take them.
struct Rows {
  explicit Rows(const Model& model) {
    std::vector<std::vector<float>> rows;
    for (const auto& [id, row] : model) {
      ids.push_back(id);
      values.insert(values.end(), row.begin(), row.end());
      rows.push_back(row);
      if (!has_beside(id)) continue;
      const std::vector<float> other = beside_of(row);
      beside_ids.push_back(id);
      beside.insert(beside.end(), other.begin(), other.end());
    }
    data = data_of(rows);
  }
  [[nodiscard]] MatrixView view() const { return {values.data(), ids.size(), kDim}; }
  [[nodiscard]] MatrixView beside_view() const { return {beside.data(), beside_ids.size(), kBesideDim}; }

  std::vector<Id> ids, beside_ids;
  std::vector<float> values, beside;
  RecordData data;
};

}  // namespace

RecordData data_of(const std::vector<std::vector<float>>& rows) {
  RecordData data{.names = {kSum}, .values = {}, .payloads = {}};
  for (const std::vector<float>& row : rows) data.values.emplace_back(sum_of(row));
  return data;
}

std::vector<float> StepSource::vector() {
  std::vector<float> made(kDim);
  for (float& x : made) x = static_cast<float>(random_() % 1000);
  return made;
}

std::vector<Id> StepSource::some_ids(const Model& model, std::size_t count) {
  std::vector<Id> ids;
  for (const auto& [id, row] : model) ids.push_back(id);
  std::shuffle(ids.begin(), ids.end(), random_);
  ids.resize(std::min(count, ids.size()));
  return ids;
}

Step StepSource::draw(Kind kind, const Model& model, std::size_t most_added) {
  Step step{.kind = kind, .erased = {}, .replaced = {}, .added = {}};
  if (kind == Kind::kReplace || kind == Kind::kSnapshot || kind == Kind::kCalibrate) return step;
  const std::uint64_t shape = random_() % 8;  // of eight steps one only deletes, and one only adds
  if (shape != 0) {
    for (std::size_t left = random_() % (most_added + 1); left > 0; --left) step.added[next_id_++] = vector();
  }
  if (shape != 1) {
    // Few enough at times that no segment is written anew for them: then there are tombstones.
    const std::uint64_t most = shape < 5 ? 4 : 14;
    step.erased = some_ids(model, random_() % most);
    Model kept = model;
    for (const Id id : step.erased) kept.erase(id);
    for (const Id id : some_ids(kept, random_() % most)) step.replaced[id] = vector();
  }
  return step;
}

Step StepSource::draw_chain(Kind kind, const Model& model, std::size_t most_added) {
  std::vector<Step> relaxed(random_() % 3 == 0 ? 1 + random_() % 3 : 0);
  Model held = model;
  for (Step& part : relaxed) {
    part = draw(Kind::kRelaxed, held, most_added);
    held = after(std::move(held), part);
  }
  Step step = draw(kind, held, most_added);
  step.relaxed = std::move(relaxed);
  return step;
}

Kind StepSource::draw_kind() {
  switch (random_() % 16) {
    case 0: return Kind::kCompact;
    case 1: return Kind::kReplace;
    case 2: return Kind::kSnapshot;
    case 3:
    case 4: return Kind::kRelaxed;
    case 5: return Kind::kCalibrate;
    case 6: return Kind::kSettle;
    default: return Kind::kCommit;
  }
}

std::vector<float> some_queries() {
  std::vector<float> rows;
  for (int i = 0; i < 40 * static_cast<int>(kDim); ++i) rows.push_back(static_cast<float>(i % 23));
  return rows;
}

std::vector<Model> states(const Model& model, const Step& step) {
  std::vector<Model> all{model};
  for (const Step& part : step.relaxed) all.push_back(after(all.back(), part));
  all.push_back(after(model, step));
  return all;
}

std::vector<Id> nearest_ids(const Model& model, const std::vector<float>& query, std::size_t k) {
  std::vector<std::pair<float, Id>> all;
  for (const auto& [id, row] : model) {
    float sum = 0;
    for (std::uint32_t i = 0; i < kDim; ++i) sum += (row[i] - query[i]) * (row[i] - query[i]);
    all.emplace_back(sum, id);
  }
  std::sort(all.begin(), all.end());
  std::vector<Id> ids;
  for (std::size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
  return ids;
}

Model after(Model model, const Step& step) {
  for (const Step& part : step.relaxed) model = after(std::move(model), part);
  for (const Id id : step.erased) model.erase(id);
  for (const auto& [id, row] : step.replaced) model[id] = row;
  for (const auto& [id, row] : step.added) model[id] = row;
  return model;
}

namespace {

/// Records that were just made or made anew have none of it before.
Result<void> set_beside(engine::IndexWriter& writer, const Step& step, Done& done) {
  Model changed = step.replaced;
  changed.insert(step.added.begin(), step.added.end());
  const Rows rows(changed);
  if (!done.beside && !rows.beside_ids.empty()) {
    NEARLINE_CHECK(writer.set_field(kBeside, rows.beside_view(), rows.beside_ids));
  }
  done.beside = true;
  return {};
}

Result<void> run_one(io::FileSystem& fs, engine::IndexWriter& writer, const Step& step, Done& done) {
  if (!done.erased && !step.erased.empty()) {
    NEARLINE_TRY(report, writer.erase(step.erased));
    if (report.erased != step.erased.size()) return Error{.what = "erase missed a record that is there"};
  }
  done.erased = true;
  if (!done.replaced && !step.replaced.empty()) {
    const Rows rows(step.replaced);
    NEARLINE_CHECK(writer.upsert(rows.view(), rows.ids, rows.data));
  }
  done.replaced = true;
  if (!done.added && !step.added.empty()) {
    const Rows rows(step.added);
    NEARLINE_CHECK(writer.insert(rows.view(), rows.ids, rows.data));
  }
  done.added = true;
  NEARLINE_CHECK(set_beside(writer, step, done));
  const auto without_value = [](auto&& result) { return result ? Result<void>{} : std::move(result).error(); };
  switch (step.kind) {
    case Kind::kCommit: return without_value(writer.commit());
    case Kind::kRelaxed: return without_value(writer.commit(Durability::kRelaxed));
    case Kind::kSettle: NEARLINE_CHECK(writer.commit()); return without_value(writer.wait_for_merges());
    case Kind::kCompact: return without_value(writer.compact());
    case Kind::kReplace: return without_value(writer.compact_to(kIndex, true));
    case Kind::kCalibrate: {
      const std::vector<float> rows = some_queries();
      return without_value(writer.calibrate({std::span(rows), kDim}));
    }
    case Kind::kSnapshot: {
      NEARLINE_TRY(index, engine::LiveIndex::open(fs, kIndex, {.io = IoMode::kPread, .threads = 1}));
      return index.snapshot(kCopy, true);
    }
  }
  return {};
}

}  // namespace

Result<void> run(io::FileSystem& fs, engine::IndexWriter& writer, const Step& step, Done& done) {
  while (done.relaxed < step.relaxed.size()) {
    NEARLINE_CHECK(run_one(fs, writer, step.relaxed[done.relaxed], done));
    done = {.relaxed = done.relaxed + 1};
    writer.work();  // a merge that a commit began writes beside the next one, and is adopted by the one after that
  }
  return run_one(fs, writer, step, done);
}

void create_index(io::FileSystem& fs, bool further_field) {
  Schema schema{.dim = kDim, .type = ElementType::kF32, .metric = Metric::kL2};
  schema.attributes = {{kSum, AttributeType::kI64}};
  if (further_field) schema.fields = {{.name = kBeside, .dim = kBesideDim}};
  auto builder = engine::IndexMaker::create(fs, kIndex, schema, {.degree = 8, .l_build = 16, .threads = 1});
  if (!builder || !builder->finish()) std::abort();
}

namespace {

/// A field's vectors by their ids.
Result<Model> vectors_of(const engine::LiveIndex& index, std::uint32_t dim, std::string_view field) {
  Model held;
  const auto take = [&](std::span<const Id> ids, const MatrixView& rows) -> Result<void> {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::vector<float> row(dim);
      std::memcpy(row.data(), rows.row(i), dim * sizeof(float));
      held[ids[i]] = std::move(row);
    }
    return {};
  };
  NEARLINE_CHECK(index.for_each(64, take, field));
  return held;
}

/// What goes with each vector is there, and nothing else.
Result<void> check_company(const engine::LiveIndex& index, const Model& held) {
  Model expected;
  std::vector<Id> ids;
  for (const auto& [id, row] : held) {
    ids.push_back(id);
    if (has_beside(id)) expected[id] = beside_of(row);
  }
  if (!index.info().schema.fields.empty()) {
    NEARLINE_TRY(beside, vectors_of(index, kBesideDim, kBeside));
    if (beside != expected) return Error{.what = "the further field holds other vectors than its records were given"};
  }
  NEARLINE_TRY(data, index.data(ids, {}));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (data.values[i] != Value{sum_of(held.at(ids[i]))}) {
      return Error{.what = "record " + std::to_string(ids[i]) + " says something else than it was given"};
    }
  }
  return {};
}

}  // namespace

Result<Model> contents(const engine::LiveIndex& index) {
  NEARLINE_TRY(held, vectors_of(index, kDim, {}));
  const IndexInfo info = index.info();
  if (held.size() != info.count) return Error{.what = "the index counts other records than it holds"};
  if (!info.schema.attributes.empty()) NEARLINE_CHECK(check_company(index, held));
  return held;
}

Result<Model> contents(io::FileSystem& fs, const char* path) {
  NEARLINE_TRY(index,
               engine::LiveIndex::open(fs, path, {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1}));
  return contents(index);
}

}  // namespace nearline::crash
