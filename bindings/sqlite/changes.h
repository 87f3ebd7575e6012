// SPDX-License-Identifier: Apache-2.0
/// What a transaction of SQLite has changed and not committed yet. A Writer keeps it, which has no savepoints: within
/// BEGIN all changes are kept here, too, so that going back to one does anew what came before it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "bindings/sqlite/values.h"
#include "nearline/writer.h"

namespace nearline::sqlite {

struct ChangeOptions {
  std::string path;
  std::chrono::milliseconds wait{0};  ///< for another writer to end
  bool durable = true;
  bool untrusted = false;
};

/// One record, new or in another's place.
struct Record {
  std::optional<Id> id{};  ///< none: the index gives one
  Vector vector{};
  RecordData data{};
};

class Changes {
 public:
  explicit Changes(ChangeOptions options) : options_(std::move(options)) {}

  /// The first change of a transaction opens the Writer. Errors: those of Writer; kExists for an id that is taken.
  /// kept: whether savepoints may come.
  Result<Id> insert(Record record, std::uint32_t dim, bool kept);
  Result<void> upsert(Record record, std::uint32_t dim, bool kept);
  Result<void> erase(Id id, bool kept);

  /// Makes them durable and visible; they are there to no reader before.
  Result<void> commit();
  /// Forgets them, or what is left of them, and lets other writers in.
  void end() noexcept;

  /// Savepoints have numbers from 0, each above those that are open.
  void mark(std::size_t savepoint);
  Result<void> back_to(std::size_t savepoint);

 private:
  struct Change {
    enum class Kind { kInsert, kUpsert, kErase };
    Kind kind;
    Record record;  // of an erasure the id alone
    std::uint32_t dim;
  };
  Result<Id> apply(const Change& change);
  Result<Id> add(Change change, bool kept);

  ChangeOptions options_;
  std::optional<Writer> writer_;
  std::vector<Change> log_;
  std::vector<std::size_t> marks_;  // [savepoint]: changes before it
  bool forgot_ = false;             // a change that was not kept
  bool lost_ = false;               // going back failed: what is left is no state that there was
};

}  // namespace nearline::sqlite
