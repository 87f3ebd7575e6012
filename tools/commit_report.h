// SPDX-License-Identifier: Apache-2.0
/// How insert, delete and compact say what their commit did.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "nearline/writer.h"

namespace nearline::tools {

/// The ids first, first + 1, ... last.
struct IdRun {
  Id first = 0, last = 0;
};

/// What is told besides the commit.
struct CommitNotes {
  std::optional<std::uint64_t> unknown{};  ///< ids that no record had
  std::span<const IdRun> given{};          ///< ids of records that came without
};

/// done: "inserted" and the like, which is also the key. With json one object, else lines for people.
void print_commit(const std::filesystem::path& index, const char* done, std::uint64_t records,
                  const CommitReport& report, bool json, const CommitNotes& notes = {});

}  // namespace nearline::tools
