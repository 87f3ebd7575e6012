// SPDX-License-Identifier: Apache-2.0
/// The files in tests/golden, which stand for what has been written to disks: run from the source folder.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "format/checksum.h"
#include "format/fields.h"
#include "tests/support/golden_files.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {
namespace {

const std::filesystem::path kFolder = "tests/golden";

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.is_open(), path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::map<std::string, std::string> hashes() {
  std::istringstream lines(read(kFolder / "MANIFEST"));
  std::map<std::string, std::string> out;
  for (std::string hash, name; lines >> hash >> name;) out[name] = hash;
  return out;
}

std::string hash_of(const std::string& content) {
  const format::Hash128 hash = format::hash128(std::as_bytes(std::span(content)));
  return format::hexadecimal(std::as_bytes(std::span(hash)));
}

}  // namespace

TEST_SUITE("format/golden") {
  TEST_CASE("every golden file is listed, and is what its hash says") {
    auto listed = hashes();
    REQUIRE(listed.size() == golden_files().size() + bad_files().size());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
      if (entry.path().extension() != ".near") continue;
      const std::string name = entry.path().lexically_relative(kFolder).generic_string();
      CAPTURE(name);
      REQUIRE(listed.count(name) == 1);
      CHECK(hash_of(read(entry.path())) == listed[name]);
      listed.erase(name);
    }
    CHECK(listed.empty());
  }

  TEST_CASE("today's encoders still write them") {
    for (const GoldenFile& file : golden_files()) {
      CAPTURE(file.name);
      CHECK(bytes_of(read(kFolder / (file.name + ".near"))) == file.bytes);
      const std::string text = annotated(file.bytes);
      if (text.size() <= kMostGoldenText) {
        CHECK(read(kFolder / (file.name + ".txt")) == text);
      } else {
        CHECK(file.name == "v1_two_runs");
      }
      CHECK(file.bytes.size() < 128 * 1024);
    }
  }

  TEST_CASE("they are valid to the last block") {
    for (const GoldenFile& file : golden_files()) {
      CAPTURE(file.name);
      const auto verified = verify_bytes(bytes_of(read(kFolder / (file.name + ".near"))));
      CHECK_MESSAGE(verified, (verified ? "" : verified.error().message()));
      CHECK(read_all(file.bytes));
    }
  }

  TEST_CASE("damaged files are refused with the code of their name and the message beside them") {
    for (const GoldenFile& file : bad_files()) {
      CAPTURE(file.name);
      const auto opened = read_all(bytes_of(read(kFolder / "bad" / (file.name + ".near"))));
      REQUIRE_FALSE(opened);
      CHECK(opened.error().message() + "\n" == read(kFolder / "bad" / (file.name + ".txt")));
      const std::map<std::string, Code> codes = {{"corrupt", Code::kCorrupt},
                                                 {"not_an_index", Code::kNotAnIndex},
                                                 {"truncated", Code::kTruncated},
                                                 {"unsupported", Code::kUnsupported}};
      bool named = false;
      for (const auto& [prefix, code] : codes) {
        if (file.name.rfind(prefix + "_", 0) != 0) continue;
        named = true;
        CHECK(opened.error().code == code);
      }
      CHECK(named);
    }
  }
}

}  // namespace nearline::testing
