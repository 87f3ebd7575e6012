// SPDX-License-Identifier: Apache-2.0
#include "format/manifest_end.h"

#include <doctest/doctest.h>

#include <cstring>

#include "tests/format/sample_manifest.h"

namespace nearline::format {
namespace {

using testing::SampleManifest;

std::span<const std::byte, kBlockBytes> first_block(const std::vector<std::byte>& bytes) {
  return std::span(bytes).first<kBlockBytes>();
}
std::span<const std::byte, kBlockBytes> last_block(const std::vector<std::byte>& bytes) {
  return std::span(bytes).last<kBlockBytes>();
}

}  // namespace

TEST_SUITE("format/manifest_end") {
  TEST_CASE("the first and the last block of a manifest say how long it is and of which generation") {
    const auto bytes = SampleManifest().bytes();
    const ManifestEnd expected{.manifest_bytes = bytes.size(), .generation = 3};
    CHECK(manifest_end(last_block(bytes)) == expected);
    CHECK(manifest_begin(first_block(bytes)) == expected);
  }

  TEST_CASE("other blocks, and lengths that no manifest has, say nothing") {
    const Block zeros{};
    CHECK_FALSE(manifest_end(zeros));
    CHECK_FALSE(manifest_begin(zeros));
    const auto good = SampleManifest().bytes();
    for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{4095}, kMaxManifestBytes + kBlockBytes}) {
      CAPTURE(length);
      auto bad = good;
      std::memcpy(bad.data() + bad.size() - 32, &length, sizeof length);
      std::memcpy(bad.data() + 8, &length, sizeof length);
      CHECK_FALSE(manifest_end(last_block(bad)));
      CHECK_FALSE(manifest_begin(first_block(bad)));
    }
  }

  TEST_CASE("a manifest without a superblock decodes to what it is with one") {
    const SampleManifest sample;
    const auto lone = decode_lone_manifest(sample.bytes(), sample.at);
    REQUIRE(lone);
    CHECK(encode(lone.value()) == sample.bytes());
  }

  TEST_CASE("a manifest without a superblock obeys the same rules") {
    SampleManifest sample;
    sample.manifest.free.clear();  // the block behind the manifest is then no part of the commit
    CHECK(decode_lone_manifest(sample.bytes(), sample.at));
    CHECK_FALSE(decode_lone_manifest(sample.bytes(), sample.at + kBlockBytes));
    sample.manifest.free = {{.offset = sample.at + 2 * kBlockBytes, .length = kBlockBytes, .freed_in = 2}};
    const auto gap = decode_lone_manifest(sample.bytes(), sample.at);
    REQUIRE_FALSE(gap);
    CHECK(gap.error().what.find("belong to nothing") != std::string::npos);
  }

  TEST_CASE("sums that overflow are refused") {
    for (const std::uint64_t far : {~std::uint64_t{4095}, std::uint64_t{1} << 63}) {
      SampleManifest sample;
      sample.manifest.sections.back().offset = far;
      CHECK_FALSE(decode_lone_manifest(sample.bytes(), sample.at));
      sample = SampleManifest();
      sample.manifest.sections.front().tree_offset = far;
      CHECK_FALSE(decode_lone_manifest(sample.bytes(), sample.at));
      sample = SampleManifest();
      sample.manifest.free.front().length = far;
      CHECK_FALSE(decode_lone_manifest(sample.bytes(), sample.at));
    }
  }
}

}  // namespace nearline::format
