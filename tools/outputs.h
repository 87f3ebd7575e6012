// SPDX-License-Identifier: Apache-2.0
/// The files of a command line: what is written is never what is read, and a symbolic link is said to be one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nearline/result.h"

namespace nearline::tools {

/// A file as the command line calls it: "--output", "INDEX". The path is borrowed, and empty where none was given.
struct NamedFile {
  std::string word;
  const std::filesystem::path* path;
};

struct NamedFiles {
  std::vector<NamedFile> inputs;
  std::vector<NamedFile> outputs;  ///< made anew
  std::vector<NamedFile> changed;  ///< indexes that are changed in place
};

/// Errors: kInvalidArgument for an output that is an input, a changed index or another output, by whatever names.
Result<void> check_outputs(const NamedFiles& files);

/// As check_outputs for one pair.
Result<void> check_differ(const NamedFile& output, const NamedFile& other);

/// Whether two paths lead to one name in one folder, through whatever links.
Result<bool> same_name(const std::filesystem::path& a, const std::filesystem::path& b);

/// What a symbolic link leads to; empty where the path is none.
std::string link_target(const std::filesystem::path& path);

/// One line on stderr for each symbolic link through which was written.
void tell_links(const NamedFiles& files);

/// Finds out before long work whether there is a place for `bytes` under the name. Errors: kExists unless `replace`;
/// kNotFound, kPermission, kNoSpace, kIo.
Result<void> check_place(const std::filesystem::path& output, bool replace, std::uint64_t bytes);

}  // namespace nearline::tools
