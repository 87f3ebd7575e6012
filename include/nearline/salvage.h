// SPDX-License-Identifier: Apache-2.0
/// Saves what is whole in a damaged index file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline {

struct SalvageOptions {
  std::uint64_t memory_bytes = 512u << 20;  ///< bound on what salvage allocates: at least 11 bytes per record
  std::uint32_t threads = Count::kAuto;     ///< kAuto: one per processor
  bool replace = false;                     ///< allow `output` to exist; it is replaced atomically
  ProgressFn progress{};                    ///< may be empty
};

/// A stretch of the damaged file whose records are lost.
struct LostBytes {
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;  ///< deleted ones left out, as far as that is known
};

/// Lost records of a segment, between whose ids none of it was saved. Where `records` fills the range, all of its ids
/// are lost.
struct LostIds {
  Id first = 0;               ///< the least id of them
  Id last = 0;                ///< the largest
  std::uint64_t records = 0;  ///< deleted ones included
};

struct SalvageReport {
  std::uint64_t generation = 0;  ///< of the commit that was read
  bool by_footer = false;        ///< no superblock led to its manifest, which was found by its last bytes
  /// The newer commit that a superblock names and whose manifest is damaged: its changes are lost. 0: there is none.
  std::uint64_t newer_generation = 0;
  std::uint64_t saved = 0;
  std::uint64_t lost = 0;
  std::uint64_t deleted = 0;  ///< records left out because they were deleted
  std::uint64_t unsure = 0;   ///< saved records that may have been deleted: their tombstones are damaged
  /// Attributes, payloads and vectors of further fields that could not be read, or whose records are lost, though some
  /// may have been empty: saved records have none of these.
  std::uint64_t lost_values = 0;
  std::uint64_t repeated = 0;           ///< older records left out, since a newer one has the same id
  std::vector<LostBytes> lost_bytes{};  ///< at most 100
  std::vector<LostIds> lost_ids{};      ///< at most 100, where keys survive and the memory allows
  std::uint64_t file_bytes = 0;         ///< of the new index
  /// What was done to vectors and queries is damaged: the new index has its records as they were stored, and takes
  /// vectors of that kind alone.
  bool lost_transform = false;

  /// Whether the new index holds just what the newest commit held, as far as the file shows.
  [[nodiscard]] bool complete() const noexcept {
    return lost == 0 && lost_values == 0 && unsure == 0 && newer_generation == 0 && !lost_transform;
  }
};

/// Copies every record of the newest commit whose manifest is whole, and whose blocks are, to a new index of the same
/// schema and build parameters. The damaged file is only read, and may be hostile. A record is taken where its page
/// matches its checksum, with those of its attributes and payload whose blocks do; what is lost besides (lists, codes,
/// keys) is made anew. Errors: kCorrupt, kTruncated, kNotAnIndex when no manifest is whole or no record is;
/// kUnsupported for a file of a newer nearline; kInvalidArgument when the output is the damaged file; kNotFound,
/// kPermission, kIo; those of Builder.
NEARLINE_API Result<SalvageReport> salvage(const std::filesystem::path& path, const std::filesystem::path& output,
                                           const SalvageOptions& options = {});

}  // namespace nearline
