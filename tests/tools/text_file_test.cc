// SPDX-License-Identifier: Apache-2.0
#include "tools/text_file.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = contents(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_SUITE("tools/text_file") {
  TEST_CASE("a text stands under its name when it is finished, and not before") {
    const TempDir folder;
    auto writer = tools::TextFile::create(folder / "a.html", false);
    REQUIRE(writer);
    CHECK_FALSE(std::filesystem::exists(folder / "a.html"));
    const std::string text(3'000'000, 'x');  // more than any buffer holds
    REQUIRE(writer->finish(text));
    CHECK(text_of(folder / "a.html") == text);
    CHECK(entries(folder.path()) == 1);
  }

  TEST_CASE("a writer that is dropped leaves nothing") {
    const TempDir folder;
    { REQUIRE(tools::TextFile::create(folder / "a.html", false)); }
    CHECK(entries(folder.path()) == 0);
  }

  TEST_CASE("what exists is replaced only when that was asked for") {
    const TempDir folder;
    write(folder / "a", {'o', 'l', 'd'});
    const auto refused = tools::TextFile::create(folder / "a", false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kExists);
    CHECK(refused.error().file == (folder / "a").string());
    auto writer = tools::TextFile::create(folder / "a", true);
    REQUIRE(writer);
    CHECK(text_of(folder / "a") == "old");
    REQUIRE(writer->finish("new"));
    CHECK(text_of(folder / "a") == "new");
  }

  TEST_CASE("a folder that is not there is found out before the work") {
    const TempDir folder;
    const auto refused = tools::TextFile::create(folder / "none" / "a", false);
    REQUIRE_FALSE(refused);
    CHECK(exit_status(refused.error().code) == 1);
  }

  TEST_CASE("a name that is taken meanwhile is not overwritten") {
    const TempDir folder;
    auto writer = tools::TextFile::create(folder / "a", false);
    REQUIRE(writer);
    write(folder / "a", {'m', 'i', 'n', 'e'});
    const auto finished = writer->finish("theirs");
    REQUIRE_FALSE(finished);
    CHECK(finished.error().code == Code::kExists);
    CHECK(text_of(folder / "a") == "mine");
    CHECK(entries(folder.path()) == 1);
  }
}

}  // namespace nearline
