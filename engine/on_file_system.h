// SPDX-License-Identifier: Apache-2.0
/// The public calls on a file system of the caller's choice: what a user gets from the operating system's, a test gets
/// from a simulated disk that fails on demand.
#pragma once

#include "io/file.h"
#include "nearline/builder.h"
#include "nearline/index.h"
#include "nearline/salvage.h"
#include "nearline/writer.h"

namespace nearline {

/// The file system outlives what is made on it.
class OnFileSystem {
 public:
  using OpenIndex = Index::Impl;  ///< for writers, which look into what they change
  static Result<Index> open(io::FileSystem& fs, const std::filesystem::path& path, const OpenOptions& options = {});
  static Result<Builder> create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                const BuildOptions& options = {});
  static Result<Writer> open_writer(io::FileSystem& fs, const std::filesystem::path& path,
                                    const WriterOptions& options = {});
  static Result<VerifyReport> verify(io::FileSystem& fs, const std::filesystem::path& path, bool full,
                                     const ProgressFn& progress = {});
  static Result<SalvageReport> salvage(io::FileSystem& fs, const std::filesystem::path& path,
                                       const std::filesystem::path& output, const SalvageOptions& options = {});
};

}  // namespace nearline
