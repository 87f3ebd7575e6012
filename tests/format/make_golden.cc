// SPDX-License-Identifier: Apache-2.0
/// Writes the files of tests/golden that are not there yet. What exists is never written again: files of released
/// versions stay as they are for ever. To change one that no release has, delete it by hand first.
/// Usage: make_golden tests/golden
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "format/checksum.h"
#include "format/fields.h"
#include "tests/support/golden_files.h"

namespace {

namespace fs = std::filesystem;
using nearline::testing::GoldenFile;

bool write(const fs::path& path, const void* data, std::size_t bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  out.close();
  if (!out) std::fprintf(stderr, "cannot write %s\n", path.c_str());
  return static_cast<bool>(out);
}

/// The file and, unless it is long, the text that explains it, unless the file is there.
bool write_pair(const fs::path& folder, const GoldenFile& file, const std::string& text) {
  const fs::path path = folder / (file.name + ".near");
  if (fs::exists(path)) return true;
  if (!write(path, file.bytes.data(), file.bytes.size())) return false;
  return text.size() > nearline::testing::kMostGoldenText ||
         write(folder / (file.name + ".txt"), text.data(), text.size());
}

/// "HASH  NAME", as `xxhsum -H2` prints and checks it.
std::string manifest_line(const GoldenFile& file, const std::string& folder) {
  const nearline::format::Hash128 hash = nearline::format::hash128(file.bytes);
  return nearline::format::hexadecimal(std::as_bytes(std::span(hash))) + "  " + folder + file.name + ".near\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  const fs::path folder = argv[1];
  fs::create_directories(folder / "bad");
  std::string manifest;
  for (const GoldenFile& file : nearline::testing::golden_files()) {
    if (!write_pair(folder, file, nearline::testing::annotated(file.bytes))) return 3;
    manifest += manifest_line(file, "");
  }
  for (const GoldenFile& file : nearline::testing::bad_files()) {
    const auto opened = nearline::testing::read_all(file.bytes);
    if (opened) {
      std::fprintf(stderr, "%s is not refused\n", file.name.c_str());
      return 2;
    }
    if (!write_pair(folder / "bad", file, opened.error().message() + "\n")) return 3;
    manifest += manifest_line(file, "bad/");
  }
  return write(folder / "MANIFEST", manifest.data(), manifest.size()) ? 0 : 3;
}
