// SPDX-License-Identifier: Apache-2.0
/// How insert, delete and compact say what their commit did.
#pragma once

#include <filesystem>
#include <optional>

#include "nearline/writer.h"

namespace nearline::tools {

/// done: "inserted" and the like, which is also the key. unknown: ids that no record had. With json one object, else
/// lines for people.
void print_commit(const std::filesystem::path& index, const char* done, std::uint64_t records,
                  const CommitReport& report, bool json, std::optional<std::uint64_t> unknown = {});

}  // namespace nearline::tools
