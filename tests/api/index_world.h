// SPDX-License-Identifier: Apache-2.0
/// Indexes in a folder of the test's own, made and opened as a user does it.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "nearline/builder.h"
#include "nearline/index.h"
#include "tests/io/temp_dir.h"
#include "tests/support/vectors.h"

namespace nearline {

/// Options that make small, quick builds.
inline BuildOptions quick_build() {
  BuildOptions options;
  options.degree = 12;
  options.l_build = 40;
  options.threads = 2;
  options.calibrate = false;
  return options;
}

inline Result<BuildReport> build(const std::filesystem::path& path, const Schema& schema, const MatrixView& rows,
                                 std::span<const Id> ids = {}, const BuildOptions& options = quick_build()) {
  NEARLINE_TRY(builder, Builder::create(path, schema, options));
  NEARLINE_CHECK(builder.add(rows, ids));
  return builder.finish();
}

template <class T>
std::string message(const Result<T>& result) {
  return result ? std::string("success") : result.error().message();
}

inline std::vector<char> contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write(const std::filesystem::path& path, const std::vector<char>& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::size_t entries(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

/// The share of answers as near as the last of `all`, which compared with every record.
inline double share_found(const SearchResult& found, const SearchResult& all) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < found.distances.size(); ++i) {
    const float last = all.distances[(i / found.k + 1) * found.k - 1];
    hits += found.distances[i] <= last + 1e-5F * std::max(1.0F, std::fabs(last)) ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(found.distances.size());
}

/// The ways of getting at pages that work on this machine.
inline std::vector<IoMode> io_modes() {
  std::vector<IoMode> modes{IoMode::kMapped, IoMode::kPread};
  if (system_info().io_uring) modes.push_back(IoMode::kDirect);
  return modes;
}

inline OpenOptions with_io(IoMode io, std::uint64_t memory_bytes = 64U << 20, std::uint32_t threads = 1) {
  return {.io = io, .memory_bytes = memory_bytes, .threads = threads, .untrusted = false};
}

}  // namespace nearline
