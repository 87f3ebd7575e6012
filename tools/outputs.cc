// SPDX-License-Identifier: Apache-2.0
#include "tools/outputs.h"

#include <fmt/format.h>

#include <set>
#include <system_error>

#include "io/atomic_file.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

/// Whether two names lead to one file that is there, by device and inode.
bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  const auto one = io::real_file_system().identity(a);
  const auto other = io::real_file_system().identity(b);
  return one && other && *one == *other;
}

}  // namespace

Result<bool> same_name(const std::filesystem::path& a, const std::filesystem::path& b) {
  NEARLINE_TRY(one, io::real_file_system().resolve(a));
  NEARLINE_TRY(other, io::real_file_system().resolve(b));
  const auto place = [](const std::filesystem::path& path) {
    std::error_code none;
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path).parent_path(), none) / path.filename();
  };
  return place(one) == place(other);
}

Result<void> check_differ(const NamedFile& output, const NamedFile& other) {
  if (output.path->empty() || other.path->empty()) return {};
  NEARLINE_TRY(same, same_name(*output.path, *other.path));
  if (!same && !same_file(*output.path, *other.path)) return {};
  return Error{Code::kInvalidArgument, fmt::format("{}: expected another file than {}", output.word, other.word),
               output.path->string()};
}

Result<void> check_outputs(const NamedFiles& files) {
  for (auto output = files.outputs.begin(); output != files.outputs.end(); ++output) {
    for (const NamedFile& input : files.inputs) NEARLINE_CHECK(check_differ(*output, input));
    for (const NamedFile& index : files.changed) NEARLINE_CHECK(check_differ(*output, index));
    for (auto other = files.outputs.begin(); other != output; ++other) NEARLINE_CHECK(check_differ(*output, *other));
  }
  return {};
}

std::string link_target(const std::filesystem::path& path) {
  const auto target = io::real_file_system().resolve(path);
  return target && *target != path ? target->string() : "";
}

void tell_links(const NamedFiles& files) {
  std::set<std::filesystem::path> told;
  for (const auto* written : {&files.outputs, &files.changed}) {
    for (const NamedFile& file : *written) {
      const std::string target = link_target(*file.path);
      if (target.empty() || !told.insert(*file.path).second) continue;
      print_error_line(fmt::format("{} is a symbolic link: worked on its target, {}", file.path->string(), target));
    }
  }
}

Result<void> check_place(const std::filesystem::path& output, bool replace, std::uint64_t bytes) {
  NEARLINE_TRY(probe, io::AtomicFile::create(io::real_file_system(), output, replace));
  return probe.file().reserve(0, bytes);
}

}  // namespace nearline::tools
