// SPDX-License-Identifier: Apache-2.0
/// What somebody would do who edits a file on purpose: make all hashes of superblocks and manifest right again, so that
/// only the rules behind the hashes are left to notice.
#pragma once

#include <cstddef>
#include <vector>

namespace nearline::testing {

/// Stamps, in both slots whose manifest lies inside the file, the manifest's footer, its hash, and the superblock.
void restamp(std::vector<std::byte>& file);

/// As restamp, and before it seals all pages and blocks of keys and builds the checksum trees of all sections anew over
/// the data as it is. Files whose superblocks or manifest do not decode are left alone.
/// seals: false leaves the seals as they are.
void restamp_sections(std::vector<std::byte>& file, bool seals = true);

}  // namespace nearline::testing
