// SPDX-License-Identifier: Apache-2.0
#include "format/manifest.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "format/fields.h"
#include "format/manifest_layout.h"
#include "tests/format/sample_manifest.h"

namespace nearline::format {
namespace {

using testing::SampleManifest;

struct PlacedStruct {
  const StructInfo* info;
  std::uint64_t place;
};

/// All structs of a manifest, each with its place in the bytes.
std::vector<PlacedStruct> structs_in(std::span<const std::byte> bytes) {
  const auto header = row_at<ManifestHeader>(bytes, 0);
  const ManifestTables t = ManifestTables::of(header);
  std::vector<PlacedStruct> out = {{&kManifestHeaderInfo, 0}};
  const auto add = [&](const StructInfo& info, std::uint64_t table, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) out.push_back({&info, table + std::uint64_t{i} * info.bytes});
  };
  add(kFieldRowInfo, t.fields, header.field_count);
  add(kAttributeRowInfo, t.attributes, header.attribute_count);
  add(kSegmentRowInfo, t.segments, header.segment_count);
  add(kGraphRowInfo, t.graphs, header.graph_count);
  add(kSectionRowInfo, t.sections, header.section_count);
  add(kFreeRowInfo, t.free, header.free_count);
  out.push_back({&kManifestFooterInfo, t.footer});
  return out;
}

/// The decoder's own promise: what it accepts says the same when it is encoded again.
void check_refused_or_canonical(const SampleManifest& sample, const std::vector<std::byte>& bytes) {
  if (const auto got = decode_manifest(bytes, sample.at, sample.committed)) CHECK(encode(*got) == bytes);
}

}  // namespace

TEST_SUITE("format/manifest") {
  TEST_CASE("what was encoded is decoded, and encodes to the same bytes") {
    const SampleManifest sample;
    const auto got = sample.decode();
    REQUIRE(got);
    CHECK(encode(*got) == sample.bytes());
    CHECK(got->fields[0].name == "vector");
    CHECK(got->attributes[1].name == "Schl\xC3\xBCssel");
    CHECK(got->segments[0].count == 9);
    CHECK(got->segments[0].first_id == 10);
    CHECK(got->segments[0].last_id == 90);
    CHECK(got->fields[0].settings.alpha == 1.2F);
    CHECK(got->fields[0].settings.code_bytes == Count::kAuto);
    CHECK(got->sections.size() == sample.manifest.sections.size());
    CHECK(got->free.size() == 1);
    CHECK(got->live_count == 9);
  }

  TEST_CASE("sections are found by kind and segment") {
    const SampleManifest sample;
    const auto got = sample.decode();
    REQUIRE(got);
    REQUIRE(got->find(SectionKind::kKeys, 0) != nullptr);
    CHECK(got->find(SectionKind::kKeys, 0)->count == 1);
    CHECK(got->find(SectionKind::kKeys, 1) == nullptr);
    CHECK(got->find(SectionKind::kVectors, 0) == nullptr);
  }

  TEST_CASE("every flipped bit is refused, and the error lies inside the manifest") {
    const SampleManifest sample;
    auto bytes = sample.bytes();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      CAPTURE(bit);
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const auto got = decode_manifest(bytes, sample.at, sample.committed);
      bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
      CHECK(got.error().at - sample.at < bytes.size());
    }
  }

  TEST_CASE("a manifest cut or lengthened to any length is refused") {
    const SampleManifest sample;
    const auto bytes = sample.bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CAPTURE(length);
      CHECK_FALSE(decode_manifest(std::span(bytes).first(length), sample.at, sample.committed));
    }
    auto longer = bytes;
    longer.resize(bytes.size() + kBlockBytes);
    CHECK_FALSE(decode_manifest(longer, sample.at, sample.committed + kBlockBytes));
    stamp_manifest(longer);
    CHECK_FALSE(decode_manifest(longer, sample.at, sample.committed + kBlockBytes));
  }

  TEST_CASE("any byte changed, stamped, is refused or encodes to the same bytes") {
    const SampleManifest sample;
    const auto good = sample.bytes();
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF, -1}) {
        CAPTURE(at);
        CAPTURE(value);
        auto bytes = good;
        bytes[at] = value < 0 ? ~bytes[at] : static_cast<std::byte>(value);
        stamp_manifest(bytes);
        check_refused_or_canonical(sample, bytes);
      }
    }
  }

  TEST_CASE("any field at 0, 1, its maximum, one more or one less, stamped, is refused or encodes to the same bytes") {
    const SampleManifest sample;
    const auto good = sample.bytes();
    for (const PlacedStruct& here : structs_in(good)) {
      for (const FieldInfo& field : here.info->fields) {
        const std::size_t at = here.place + field.offset;
        const std::size_t size = std::min<std::size_t>(field.bytes, 8);
        std::uint64_t now = 0;
        std::memcpy(&now, good.data() + at, size);
        for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, now + 1, now - 1,
                                          ~std::uint64_t{0} >> 1, ~std::uint64_t{0} << 12}) {
          CAPTURE(here.info->name);
          CAPTURE(field.name);
          CAPTURE(value);
          auto bytes = good;
          std::memcpy(bytes.data() + at, &value, size);
          stamp_manifest(bytes);
          check_refused_or_canonical(sample, bytes);
        }
      }
    }
  }

  TEST_CASE("a reserved byte that is not zero is refused though the hash is right") {
    const SampleManifest sample;
    const auto good = sample.bytes();
    for (const PlacedStruct& here : structs_in(good)) {
      for (const FieldInfo& field : here.info->fields) {
        if (field.form != FieldForm::kZero) continue;
        CAPTURE(here.info->name);
        CAPTURE(field.name);
        auto bytes = good;
        bytes[here.place + field.offset + field.bytes - 1] = std::byte{1};
        stamp_manifest(bytes);
        CHECK_FALSE(decode_manifest(bytes, sample.at, sample.committed));
      }
    }
    auto bytes = good;
    bytes[ManifestTables::of(row_at<ManifestHeader>(good, 0)).end] = std::byte{1};
    stamp_manifest(bytes);
    CHECK_FALSE(decode_manifest(bytes, sample.at, sample.committed));
  }

  TEST_CASE("a manifest with all tables full stays below the limit") {
    ManifestHeader header{};
    header.field_count = kMaxFields;
    header.attribute_count = kMaxAttributes;
    header.transform_count = kMaxTransforms;
    header.segment_count = kMaxSegments;
    header.section_count = kMaxSections;
    header.free_count = kMaxFreeExtents;
    CHECK(ManifestTables::of(header).bytes <= kMaxManifestBytes);
  }
}

}  // namespace nearline::format
