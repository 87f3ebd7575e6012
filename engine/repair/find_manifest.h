// SPDX-License-Identifier: Apache-2.0
/// The newest manifest of a damaged file that is whole, whether a superblock leads to it or its own last bytes do.
#pragma once

#include <cstdint>

#include "format/manifest.h"
#include "format/superblock.h"
#include "io/file.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

struct FoundManifest {
  format::Manifest manifest;
  bool by_footer = false;              ///< no superblock leads to it
  std::uint64_t newer_generation = 0;  ///< of a commit that a superblock names and whose manifest is not whole; or 0
};

/// Reads the superblocks, and all of the file where they are not enough. file_bytes: the file's length. boot: the
/// present one; what a relaxed superblock of another leads to may be lost, so that the durable one before it is as
/// good. Errors: kUnsupported for a file of a newer nearline; kNotAnIndex, kTruncated, kCorrupt when no manifest is
/// whole; kCancelled.
Result<FoundManifest> find_manifest(const io::File& file, std::uint64_t file_bytes, const format::BootId& boot,
                                    const ProgressFn& progress);

}  // namespace nearline::engine
