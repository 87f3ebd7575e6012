// SPDX-License-Identifier: Apache-2.0
/// Makes an index file in one go, from vectors added in any order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/schema.h"
#include "nearline/types.h"

namespace nearline {

/// How the index is made. The defaults need no tuning.
struct BuildOptions {
  std::uint32_t degree = 32;                ///< R: neighbours kept per record, 4..1024
  std::uint32_t l_build = 100;              ///< candidates kept while linking, degree..4096
  float alpha = 1.2F;                       ///< pruning slack, 1..2; larger keeps longer edges
  std::uint64_t memory_bytes = 512u << 20;  ///< bound on what the build allocates
  /// Compressed code of one record, 5..1028 bytes: searches rank records by codes and read only the pages of those
  /// that look near. 0: none. kAuto: what serves the dimension well, where a code is much smaller than a vector.
  std::uint32_t code_bytes = Count::kAuto;
  /// Fused pages hold the codes of the records that they point to, so that a search keeps next to nothing in memory at
  /// any number of records; they take more disk (where all vectors are alike pages are lean even so). kAuto: lean where
  /// `search_memory_bytes` have room for the codes of all records, or there are none; fused else.
  Layout layout = Layout::kAuto;
  std::uint64_t search_memory_bytes = 64u << 20;  ///< what searches will have, as far as that is known now
  /// Records of a fused page: more take less disk, and more reads for a recall. kAuto: as many as leave room for the
  /// codes of nearly all of their neighbours; twice as many still work well.
  std::uint32_t page_records = Count::kAuto;
  /// Measure at the end which effort reaches which recall, for `SearchOptions::recall`; takes about a tenth of the
  /// build's time. Indexes of fewer than 1024 records need no such thing.
  bool calibrate = true;
  std::uint32_t threads = Count::kAuto;  ///< kAuto: one per processor; the file does not depend on it
  std::uint64_t seed = 1;                ///< same input, same options, same seed: same bytes
  bool replace = false;                  ///< allow `output` to exist; it is replaced atomically
  ProgressFn progress{};                 ///< may be empty; the braces spare callers a warning about what they leave out
};

/// What a build did.
struct BuildReport {
  std::uint64_t count = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t unreachable_repaired = 0;  ///< records that no path led to before repair
  double mean_degree = 0;
  std::uint32_t partitions = 1;  ///< above 1 when the memory bound made the build work in parts
  double seconds = 0;
};

/// Collects vectors, then links and writes them. Vectors wait in an unlinked temporary file beside the output, so
/// memory stays within `BuildOptions::memory_bytes`. Nothing stands under the output's name before `finish` returns
/// success, and dropping a Builder leaves nothing behind. The mode follows the umask; a file that is replaced gives its
/// mode and group to its successor, and where the output is a symbolic link its target is made or replaced. The same
/// vectors under the same ids, with the same options, give the same bytes in whatever order they are added and on any
/// number of threads. Threads: one at a time. Sources: engine/link/link.h.
class NEARLINE_API Builder {
 public:
  /// Errors: kInvalidArgument for a schema or option outside its range; kExists; kIo, kNoSpace, kPermission.
  static Result<Builder> create(const std::filesystem::path& output, const Schema& schema,
                                const BuildOptions& options = {});

  Builder(Builder&&) noexcept;
  Builder& operator=(Builder&&) noexcept;
  ~Builder();

  /// Adds vectors of `schema.input_dim()` components, which a transform changes before they are stored; what it has to
  /// learn (kCenter, kPca) it learns in `finish`, from up to 16384 of the rows, and the same rows in whatever order.
  /// Without a transform converts to the stored type where every value keeps its meaning: any float type to any float
  /// type (rounded to nearest), integers to floats, and between other types only what fits exactly.
  /// ids: one per row, or empty for the running row number.  data: what the records say besides; empty where they say
  /// nothing. Different strings stay in memory until `finish`, and may take half of `memory_bytes` (kOverBudget).
  /// Errors: kInvalidArgument for another dimension, an id of kNoId, or ids.size() not rows; kBadInput for NaN,
  /// infinity, a value that does not fit, a squared length above the largest f32 (under l2 above a quarter of it), or a
  /// zero vector under cosine, and an attribute's value that is none (the message names the row, counted from the first
  /// ever added); kInvalidArgument for attributes that the schema does not name. After an error none of
  /// the rows of this call is part of the index.
  Result<void> add(const MatrixView& vectors, std::span<const Id> ids = {}, const RecordData& data = {});

  /// Adds vectors of a further field (Schema::fields) to records that were added or will be.  ids: of these records,
  /// one per row, or empty for the running row number of this field. Errors: as add; kInvalidArgument for an unknown
  /// field. That a record has each id is checked by `finish`.
  Result<void> add_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids = {});

  /// Rows added so far.
  [[nodiscard]] std::uint64_t count() const noexcept;

  /// Links, packs and publishes the file. The Builder is spent afterwards, whatever the result.
  /// Errors: kInvalidArgument for a repeated id, or one of a further field that no record has; kOverBudget when
  /// `memory_bytes` is below the least possible (the message says how much is); kBadInput for a row that a transform
  /// cannot take once it was learned; kCancelled; kIo, kNoSpace. An index of no records is legal, unless its transform
  /// has something to learn.
  Result<BuildReport> finish();

 private:
  class Impl;
  explicit Builder(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// What a build of this shape will take, from arithmetic alone (no file is read).
struct Estimate {
  Layout layout = Layout::kLean;  ///< of the pages
  std::uint64_t file_bytes = 0;
  std::uint64_t build_memory_bytes = 0;        ///< for a build in one part
  std::uint64_t least_build_memory_bytes = 0;  ///< below this a build is refused
  std::uint64_t search_memory_bytes = 0;       ///< least private memory of one searching thread, from disk
  std::uint64_t code_search_memory_bytes = 0;  ///< the same when it ranks by resident codes; 0 where there are none
  /// Rough CPU time on one core of this machine: records times 7,000 distances, which is what linking two sets was seen
  /// to take, at the speed that distances of that kind have here just now.
  double build_cpu_seconds = 0;
};

/// Errors: kInvalidArgument for a schema or option outside its range.
NEARLINE_API Result<Estimate> estimate(std::uint64_t count, const Schema& schema, const BuildOptions& options = {});

}  // namespace nearline
