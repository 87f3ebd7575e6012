// SPDX-License-Identifier: Apache-2.0
/// Checks an index file and says what is wrong with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline {

/// One thing that is wrong with a file.
struct VerifyFinding {
  std::uint64_t at = 0;  ///< byte offset
  std::string what;
};

/// What was checked, and what was found.
struct VerifyReport {
  std::uint64_t blocks_checked = 0;
  std::uint64_t bytes_checked = 0;
  std::uint64_t records_checked = 0;
  std::vector<VerifyFinding> findings;  ///< at most 100; empty means good
  std::uint64_t finding_count = 0;
  bool full = false;  ///< data were checked, and not the metadata alone
  /// Behind the newest commit: of a writer that is at work, or of one that died. No damage: the next writer takes them.
  std::uint64_t uncommitted_bytes = 0;
};

/// Checks a file. Default: superblocks, manifest, checksum roots. full: every block against its checksum, and the
/// structure (neighbours in range, ids a bijection, every record reachable). A writer may be at work meanwhile.
/// Damage is a finding, not an error. Errors: kNotFound, kPermission, kIo, kNotAnIndex, kUnsupported, kCancelled.
NEARLINE_API Result<VerifyReport> verify(const std::filesystem::path& path, bool full, const ProgressFn& progress = {});

}  // namespace nearline
