// SPDX-License-Identifier: Apache-2.0
/// Every field of every structure of a file, as text: what `nearline inspect` prints, and what tests/spec_reader.py
/// must print for the golden files, having been written from SPEC.md alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nearline/result.h"

namespace nearline::format {

/// One thing in a file: where, how long, its path, its value.
struct InspectItem {
  std::uint64_t at = 0;
  std::uint64_t bytes = 0;
  std::string name;   ///< "superblock[0].magic", "section[2].page[0].record[1].degree"
  std::string value;  ///< of one line
};

/// "AT NAME = VALUE": the line that both readers print.
std::string line(const InspectItem& item);

/// Reads bytes [at, at + bytes) of the file, all of them or an error.
using ReadBytes = std::function<Result<std::vector<std::byte>>(std::uint64_t at, std::uint64_t bytes)>;
using ItemSink = std::function<void(const InspectItem&)>;

/// Walks a file: both superblocks, the manifest of the newest commit, one summary for each section; when `all`, every
/// record, element and checksum too. Checks what is needed to walk safely (superblock, manifest), not block checksums.
/// What a damaged file still shows is given before the error.
/// Memory: the manifest and one graph page or block at a time.
/// Errors: those of choose_superblock and decode_manifest; those of `read`.
Result<void> inspect(std::uint64_t file_bytes, const ReadBytes& read, bool all, const ItemSink& sink);

}  // namespace nearline::format
