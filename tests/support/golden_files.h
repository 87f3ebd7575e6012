// SPDX-License-Identifier: Apache-2.0
/// The files of tests/golden, as today's encoders make them. make_golden writes them; the tests compare.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "nearline/result.h"

namespace nearline::testing {

struct GoldenFile {
  std::string name;  ///< without folder and extension
  std::vector<std::byte> bytes;
};

/// The text that stands beside a file is at most so long; of a file with a longer one none does.
inline constexpr std::size_t kMostGoldenText = 1U << 20;

/// Valid files: v1_empty, v1_small, ...
std::vector<GoldenFile> golden_files();

/// Damaged files, one way each; the name begins with the code: corrupt_, not_an_index_, truncated_, unsupported_.
std::vector<GoldenFile> bad_files();

/// What a reader says that opens a file and then looks at all of it, but for the checksums.
Result<void> read_all(const std::vector<std::byte>& file);

/// The annotated hexadecimal form of a valid file: each item of format::inspect with its first bytes.
std::string annotated(const std::vector<std::byte>& file);

}  // namespace nearline::testing
