// SPDX-License-Identifier: Apache-2.0
/// nearline inspect: every field of every structure, read straight from the bytes. It opens no index, so that it also
/// shows what a damaged file still holds.
#include "format/inspect.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "tools/commands.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  bool all = false;
};

using FileHandle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error system_error(int number, const char* what, const std::filesystem::path& path) {
  const Code code = number == ENOENT                      ? Code::kNotFound
                    : number == EACCES || number == EPERM ? Code::kPermission
                                                          : Code::kIo;
  return {code, what, path.string(), Error::kNowhere, number};
}

Result<std::vector<std::byte>> read_at(std::FILE* file, std::uint64_t at, std::uint64_t bytes) {
  std::vector<std::byte> out(static_cast<std::size_t>(bytes));
  if (fseeko(file, static_cast<off_t>(at), SEEK_SET) == 0 && std::fread(out.data(), 1, out.size(), file) == out.size())
    return out;
  if (std::feof(file) != 0) return Error{Code::kTruncated, "the file became shorter while it was read", {}, at, 0};
  return Error{Code::kIo, "cannot read", {}, at, errno};
}

Result<void> walk(const Options& options) {
  std::error_code error;
  const std::uint64_t file_bytes = std::filesystem::file_size(options.index, error);
  if (error) return system_error(error.value(), "cannot open", options.index);
  const FileHandle file(std::fopen(options.index.c_str(), "rb"), &std::fclose);
  if (!file) return system_error(errno, "cannot open", options.index);
  const auto read = [&](std::uint64_t at, std::uint64_t bytes) { return read_at(file.get(), at, bytes); };
  const auto print = [](const format::InspectItem& item) { std::printf("%s\n", format::line(item).c_str()); };
  return format::inspect(file_bytes, read, options.all, print);
}

int run(const Options& options) {
  if (auto walked = walk(options); !walked) return fail(std::move(walked).error().in(options.index.string()));
  return 0;
}

}  // namespace

Action declare_inspect(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.flag("--all", options->all, "every record, element and checksum too, not one line a section");
  args.example("nearline inspect photos.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
