// SPDX-License-Identifier: Apache-2.0
/// The files of tests/golden, as today's encoders make them. make_golden writes them; the tests compare.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nearline::testing {

struct GoldenFile {
  std::string name;  ///< without folder and extension
  std::vector<std::byte> bytes;
};

/// Valid files: v1_empty, v1_small, ...
std::vector<GoldenFile> golden_files();

/// Damaged files, one way each; the name begins with the code: corrupt_, not_an_index_, truncated_, unsupported_.
std::vector<GoldenFile> bad_files();

/// The annotated hexadecimal form of a valid file: each item of format::inspect with its first bytes.
std::string annotated(const std::vector<std::byte>& file);

}  // namespace nearline::testing
