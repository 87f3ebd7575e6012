// SPDX-License-Identifier: Apache-2.0
/// Exhaustive damage to the file that has every kind of section. Without stamping, all of it must be noticed; with the
/// hashes made right again, nothing may go out of bounds (run under the sanitizers).
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/golden_files.h"
#include "tests/support/restamp.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {
namespace {

constexpr std::size_t kBlock = format::kBlockBytes;

std::vector<std::byte> golden(std::string_view name) {
  for (GoldenFile& file : golden_files()) {
    if (file.name == name) return std::move(file.bytes);
  }
  FAIL("no golden file " << name);
  return {};
}

}  // namespace

TEST_SUITE("format/damage") {
  TEST_CASE("every complemented byte is noticed") {
    auto file = golden("v1_all_sections");
    REQUIRE(verify_bytes(file));
    for (std::size_t at = 0; at < file.size(); ++at) {
      file[at] = ~file[at];
      if (verify_bytes(file)) FAIL_CHECK("not noticed at " << at);
      file[at] = ~file[at];
    }
  }

  TEST_CASE("every complemented byte of a transform and of its checksums is noticed") {
    auto file = golden("v1_transform");
    const auto manifest = open_bytes(file);
    REQUIRE(manifest);
    const format::Section* const section = manifest->find(format::SectionKind::kTransform, format::Section::kNone);
    REQUIRE(section != nullptr);
    for (const std::uint64_t first : {section->offset, section->tree_offset}) {
      for (std::size_t at = first; at < first + kBlock; ++at) {
        file[at] = ~file[at];
        if (verify_bytes(file)) FAIL_CHECK("not noticed at " << at);
        file[at] = ~file[at];
      }
    }
  }

  TEST_CASE("every changed byte is noticed in free space's neighbours too, and free space itself means nothing") {
    auto file = golden("v1_two_commits");
    const auto manifest = open_bytes(file);
    REQUIRE(manifest);
    REQUIRE(manifest->free.size() == 1);
    const format::Extent free = manifest->free[0];
    for (std::size_t at = 2 * kBlock; at < file.size(); at += 3) {
      file[at] ^= std::byte{0x40};
      const bool is_free = at >= free.offset && at < free.offset + free.length;
      if (verify_bytes(file).has_value() != is_free) FAIL_CHECK("wrong at " << at);
      file[at] ^= std::byte{0x40};
    }
  }

  TEST_CASE("a file cut at any length is refused") {
    const auto file = golden("v1_all_sections");
    for (std::size_t length = 0; length < file.size(); ++length) {
      if (open_bytes(std::span(file).first(length))) FAIL_CHECK("opened at " << length);
    }
  }

  TEST_CASE("any two blocks swapped, one copied over another, or one zeroed is noticed") {
    const auto good = golden("v1_all_sections");
    const std::size_t blocks = good.size() / kBlock;
    const auto block = [](std::vector<std::byte>& file, std::size_t i) {
      return file.begin() + static_cast<std::ptrdiff_t>(i * kBlock);
    };
    for (std::size_t a = 0; a < blocks; ++a) {
      CAPTURE(a);
      auto zeroed = good;
      std::fill_n(block(zeroed, a), kBlock, std::byte{0});
      CHECK(verify_bytes(zeroed).has_value() == (zeroed == good));
      for (std::size_t b = 0; b < blocks; ++b) {
        if (a == b) continue;
        CAPTURE(b);
        auto swapped = good, copied = good;
        std::swap_ranges(block(swapped, a), block(swapped, a + 1), block(swapped, b));
        std::copy_n(block(copied, a), kBlock, block(copied, b));
        CHECK_FALSE(verify_bytes(swapped));
        CHECK_FALSE(verify_bytes(copied));
      }
    }
  }

  TEST_CASE("a block of another file in the same place is noticed, wherever the two differ") {
    const auto good = golden("v1_small");
    IndexAssembler twin = tiny_index({.file_number = 1});
    twin.commit();
    const auto& other = twin.bytes();
    for (std::size_t at = 0; at < good.size(); at += kBlock) {
      auto spliced = good;
      std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(at), kBlock,
                  spliced.begin() + static_cast<std::ptrdiff_t>(at));
      CAPTURE(at);
      CHECK(verify_bytes(spliced).has_value() == (spliced == good));
    }
    CHECK(verify_bytes(other));
  }

  TEST_CASE("any byte of the metadata changed, with the hashes right again, opens safely or is refused") {
    const auto good = golden("v1_all_sections");
    for (std::size_t at = 0; at < good.size(); ++at) {
      if (at == 2 * kBlock) at = good.size() - kBlock;  // superblocks, then the manifest
      for (const int value : {0x00, 0xFF, -1}) {
        auto file = good;
        file[at] = value < 0 ? ~file[at] : static_cast<std::byte>(value);
        restamp(file);
        if (const auto opened = open_bytes(file)) {
          for (const format::Section& section : opened->sections) {
            if (section.offset > file.size() || section.length > file.size() - section.offset) {
              FAIL_CHECK("a section beyond the file, byte " << at);
            }
          }
        }
      }
    }
  }
}

}  // namespace nearline::testing
