// SPDX-License-Identifier: Apache-2.0
// Any sequence of calls of a writer and of readers, on a disk that fails, fills up and loses power, against a map: an
// index holds the last commit that returned, or one that was in progress when something failed; after a loss of power
// the last durable one; a reader keeps its own. Merges go on beside commits, as far as calls let them.
// Each byte is a call: the low four bits say which one, the others how much.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/api/live_index.h"
#include "engine/repair/verify.h"
#include "engine/write/index_writer.h"
#include "fuzz/property.h"
#include "tests/crash/steps.h"

namespace {

using namespace nearline;
using namespace nearline::crash;

constexpr std::size_t kMostCalls = 60;
constexpr Id kIds = 64;  ///< few, so that they meet

class World {
 public:
  World() {
    create_index(*disk_, false);  // what a call says of two fields would have to be two calls
    committed_ = {Model{}};
    durable_ = committed_;
    pending_ = Model{};
  }

  void call(std::uint8_t byte) {
    const unsigned much = byte >> 4;
    ++calls_;
    switch (byte & 15) {
      case 0:
      case 1: return put(much + 1, false);
      case 2: return put(much + 1, true);
      case 3: return erase(much + 1);
      case 4: return commit([](engine::IndexWriter& writer) { return writer.commit().has_value(); }, true);
      case 5:
        return commit([](engine::IndexWriter& writer) { return writer.commit(Durability::kRelaxed).has_value(); },
                      false);
      case 6:
        return commit(
            [&](engine::IndexWriter& writer) {
              if (much < 5) return writer.compact().has_value();
              return much < 10 ? calibrate(writer) : settle_merges(writer);
            },
            true);
      case 7: return much < 5 ? abandon() : work();
      case 8: return replace();
      case 9: return reopen();
      case 10: return lose_power(calls_ * 16 + much);
      case 11: return disk_->set_faults({.fail_call = disk_->calls() + 1 + much * 5, .error = EIO});
      case 12: return disk_->set_faults({.fail_call = disk_->calls() + 1 + much * 5, .error = EIO, .sync_drops = true});
      case 13: return disk_->set_faults({.capacity = disk_->contents(kIndex).size() + much * 4096});
      case 14: return read();
      default: return snapshot();
    }
  }

  /// Whatever happened: without faults all is as it should be.
  void end() {
    check();
    writer_.reset();
    check();
    const auto report = engine::verify(*disk_, kIndex, true);
    FUZZ_PROPERTY(report.has_value());
  }

 private:
  static bool calibrate(engine::IndexWriter& writer) {
    const std::vector<float> rows = some_queries();
    return writer.commit().has_value() && writer.calibrate({std::span(rows), kDim}).has_value();
  }
  static bool settle_merges(engine::IndexWriter& writer) {
    return writer.commit().has_value() && writer.wait_for_merges().has_value();
  }
  /// A merge that a commit began writes all it has to, or may be adopted from here on.
  void work() {
    writer()->work();
    heal();
  }
  /// Faults end with the call that they are for.
  bool heal() {
    disk_->set_faults({});
    return true;
  }
  engine::IndexWriter* writer() {
    if (!writer_) {
      auto opened = open_writer(*disk_, true);
      if (!opened) {
        heal();
        opened = open_writer(*disk_, true);
        FUZZ_PROPERTY(opened.has_value());
      }
      writer_.emplace(std::move(opened).value());
      took_over_ = false;
      settle();
    }
    return &*writer_;
  }
  /// What is visible is what the next calls build on.
  void settle() {
    heal();
    const auto held = contents(*disk_, kIndex);
    FUZZ_PROPERTY(held.has_value());
    FUZZ_PROPERTY(may_hold(held.value()));
    pending_ = held.value();
    visible_ = held.value();
  }
  [[nodiscard]] bool may_hold(const Model& model) const {
    return std::find(committed_.begin(), committed_.end(), model) != committed_.end();
  }
  void check() {
    heal();
    const auto held = contents(*disk_, kIndex);
    FUZZ_PROPERTY(held.has_value() && may_hold(held.value()));
    if (reader_) {
      const auto kept = contents(*reader_);
      FUZZ_PROPERTY(kept.has_value() && kept.value() == kept_);
    }
  }

  void put(unsigned count, bool upsert) {
    engine::IndexWriter* writer = this->writer();
    std::vector<Id> ids;
    std::vector<float> rows;
    Model after = pending_;
    std::vector<std::vector<float>> each;
    bool taken = false;
    for (unsigned i = 0; i < count; ++i) {
      const Id id = (calls_ * 7 + i * 3) % kIds;
      taken = taken || after.contains(id);
      const std::vector<float> row{static_cast<float>(calls_), static_cast<float>(i), 1, 2};
      ids.push_back(id);
      rows.insert(rows.end(), row.begin(), row.end());
      each.push_back(row);
      after[id] = row;
    }
    const RecordData data = data_of(each);
    const MatrixView view{rows.data(), ids.size(), kDim};
    Result<void> done;
    if (upsert) {
      done = writer->upsert(view, ids, data);
    } else if (auto added = writer->insert(view, ids, data); !added) {
      done = std::move(added).error();
    }
    if (done) {
      FUZZ_PROPERTY(upsert || !taken);
      pending_ = std::move(after);
    }
    lost_if_spent(done ? nullptr : &done.error());
  }
  void erase(unsigned count) {
    engine::IndexWriter* writer = this->writer();
    std::vector<Id> ids;
    std::uint64_t known = 0;
    Model after = pending_;
    for (unsigned i = 0; i < count; ++i) {
      ids.push_back((calls_ + i * 5) % kIds);
      known += after.erase(ids.back());
    }
    const auto done = writer->erase(ids);
    if (done) {
      FUZZ_PROPERTY(done->erased == known && done->unknown == ids.size() - known);
      pending_ = std::move(after);
    }
    lost_if_spent(done ? nullptr : &done.error());
  }
  void lost_if_spent(const Error* error) {
    heal();
    if (error == nullptr || error->code != Code::kCommitUnknown) return;
    writer_.reset();
  }
  template <class Call>
  void commit(Call&& call, bool durable) {
    engine::IndexWriter* writer = this->writer();
    if (std::forward<Call>(call)(*writer)) {
      committed_ = {pending_};
      if (!took_over_) durable_ = {visible_};  // its first commit makes durable what it found
      if (durable) durable_ = committed_;
      took_over_ = true;
      visible_ = pending_;
    } else {  // it may be called again, or opened anew
      committed_.push_back(pending_);
      durable_.push_back(visible_);
      if (durable) durable_.push_back(pending_);
      writer_.reset();
    }
    check();
  }
  void abandon() {
    writer()->abandon();
    pending_ = visible_;
    FUZZ_PROPERTY(!writer()->dirty());
  }
  void replace() {
    engine::IndexWriter* writer = this->writer();
    const bool dirty = writer->dirty();
    const auto done = writer->compact_to(kIndex, true);
    FUZZ_PROPERTY(!done || !dirty);
    if (!dirty) {
      durable_.push_back(visible_);
      if (done) durable_ = {visible_};
      writer_.reset();
    }
    check();
  }
  void reopen() {
    writer_.reset();
    writer();
  }
  void lose_power(std::uint64_t seed) {
    heal();
    auto left = disk_->after_power_cut(seed);
    reader_.reset();
    writer_.reset();
    disk_ = std::move(left);
    committed_ = durable_;
    check();
    committed_ = durable_ = {contents(*disk_, kIndex).value()};
  }
  void read() {
    heal();
    auto opened =
        engine::LiveIndex::open(*disk_, kIndex, {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1});
    FUZZ_PROPERTY(opened.has_value());
    reader_.emplace(std::move(opened).value());
    const auto held = contents(*reader_);
    FUZZ_PROPERTY(held.has_value() && may_hold(held.value()));
    kept_ = held.value();
    if (kept_.empty()) return;
    const auto& [id, row] = *kept_.begin();
    const auto found = reader_->search({row.data(), 1, kDim}, {.k = 1, .l = 64});
    FUZZ_PROPERTY(found.has_value() && found->distances[0] == 0);
  }
  void snapshot() {
    if (!reader_) return;
    if (!reader_->snapshot(kCopy, true)) return check();
    const auto copied = contents(*disk_, kCopy);
    heal();
    FUZZ_PROPERTY(!copied || copied.value() == kept_);
  }

  std::unique_ptr<io::SimulatedDisk> disk_ = std::make_unique<io::SimulatedDisk>(3);
  std::optional<engine::IndexWriter> writer_;
  std::optional<engine::LiveIndex> reader_;
  std::vector<Model> committed_;  ///< what the index may hold
  std::vector<Model> durable_;    ///< what it may hold after a loss of power
  bool took_over_ = false;        ///< the writer has made a commit
  Model visible_, pending_, kept_;
  std::uint64_t calls_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  for (std::size_t i = 0; i < std::min(size, kMostCalls); ++i) world.call(data[i]);
  world.end();
  return 0;
}
