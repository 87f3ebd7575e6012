// SPDX-License-Identifier: Apache-2.0
/// Replays a corpus through a fuzz target without a fuzzing engine, so that any compiler tests what fuzzing found.
///   TARGET FOLDER...     runs every file in the folders; a missing or empty folder and an unreadable file fail
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// Runs one file; false when it cannot be read whole.
bool replay(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return false;
  const auto bytes = std::make_unique<std::uint8_t[]>(size);  // exactly as long, so that a sanitizer sees over-reads
  if (!file.read(reinterpret_cast<char*>(bytes.get()), static_cast<std::streamsize>(size))) return false;
  LLVMFuzzerTestOneInput(bytes.get(), size);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::size_t replayed = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i], error)) {
      if (!replay(entry.path())) {
        std::fprintf(stderr, "%s: expected a readable file\n", entry.path().c_str());
        return 1;
      }
      ++replayed;
    }
    if (error || replayed == 0) {
      std::fprintf(stderr, "%s: expected a folder with inputs, found none\n", argv[i]);
      return 1;
    }
    std::printf("%s: %zu inputs\n", argv[i], replayed);
  }
  return argc > 1 ? 0 : 1;
}
