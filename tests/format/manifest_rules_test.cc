// SPDX-License-Identifier: Apache-2.0
/// One broken rule at a time, in a manifest whose hashes are right.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "tests/format/sample_manifest.h"

namespace nearline::format {
namespace {

using testing::SampleManifest;

struct Rule {
  const char* broken;
  Code code;
  std::function<void(SampleManifest&)> change;
};

void check_refused(std::span<const Rule> rules) {
  for (const Rule& rule : rules) {
    CAPTURE(rule.broken);
    const auto got = SampleManifest::decode_with(rule.change);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == rule.code);
    CHECK(got.error().at != Error::kNowhere);
  }
}

Section& pages(SampleManifest& s) {
  return s.manifest.sections[0];
}
Section& entries(SampleManifest& s) {
  return s.manifest.sections[1];
}
Section& keys(SampleManifest& s) {
  return s.manifest.sections[2];
}
Section& codes(SampleManifest& s) {
  return s.manifest.sections[3];
}
Segment& segment(SampleManifest& s) {
  return s.manifest.segments[0];
}
Settings& settings(SampleManifest& s) {
  return s.manifest.fields[0].settings;
}
Graph& graph(SampleManifest& s) {
  return s.manifest.graphs[0];
}

/// Declares the blocks of a section free, so that only its absence is left to notice.
void remove(SampleManifest& s, std::size_t i) {
  const Section section = s.manifest.sections[i];
  s.manifest.sections.erase(s.manifest.sections.begin() + static_cast<std::ptrdiff_t>(i));
  s.manifest.free.insert(s.manifest.free.begin(), {section.offset, 2 * kBlockBytes, 1});
}

}  // namespace

TEST_SUITE("format/manifest_schema") {
  TEST_CASE("each rule of fields, attributes and transforms is kept") {
    const Rule rules[] = {
        {"no field", Code::kCorrupt, [](auto& s) { s.manifest.fields.clear(); }},
        {"control character in a name", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].name = "a\nb"; }},
        {"zero byte inside a name", Code::kCorrupt,
         [](auto& s) { s.manifest.fields[0].name = std::string("a\0b", 3); }},
        {"cut character in a name", Code::kCorrupt, [](auto& s) { s.manifest.attributes[0].name = "\xC3"; }},
        {"attribute twice", Code::kCorrupt, [](auto& s) { s.manifest.attributes[1].name = "year"; }},
        {"attribute that is the id", Code::kCorrupt, [](auto& s) { s.manifest.attributes[0].name = "id"; }},
        {"field twice", Code::kCorrupt, [](auto& s) { s.manifest.fields.push_back(s.manifest.fields[0]); }},
        {"dimension 0", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].dim = 0; }},
        {"dimension too large", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].dim = kMaxDim + 1; }},
        {"element type 0", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].type = ElementType{0}; }},
        {"element type 7", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].type = ElementType{7}; }},
        {"metric 6", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].metric = Metric{6}; }},
        {"bits under cosine", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].type = ElementType::kB1; }},
        {"multi", Code::kUnsupported, [](auto& s) { s.manifest.fields[0].multi = true; }},
        {"transform without row", Code::kCorrupt, [](auto& s) { s.manifest.fields[0].transform = 0; }},
        {"attribute type 0", Code::kCorrupt, [](auto& s) { s.manifest.attributes[0].type = AttributeType{0}; }},
        {"attribute type 7", Code::kCorrupt, [](auto& s) { s.manifest.attributes[0].type = AttributeType{7}; }},
        {"transform of nobody", Code::kCorrupt,
         [](auto& s) {
           s.manifest.transforms = {{1, 8, 8}};
         }},
    };
    check_refused(rules);
  }

  TEST_CASE("each rule of transforms is kept") {
    const auto transform = [](SampleManifest& s) {
      s.manifest.fields[0].transform = 0;
      s.manifest.transforms = {{1, 8, 6}};
      Section& section = s.manifest.sections.back();  // of 15 bytes that nobody needs
      section.kind = SectionKind::kTransform;
      section.optional = false;
      section.field = 0;
      section.count = section.length = 32;
      section.element_bytes = 1;
    };
    CHECK(SampleManifest::decode_with(transform));
    const Rule rules[] = {
        {"kind 2", Code::kUnsupported, [&](auto& s) { transform(s), s.manifest.transforms[0].kind = 2; }},
        {"records of no component", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.transforms[0].in_dim = 0; }},
        {"queries of too many", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.transforms[0].query_dim = kMaxDim + 1; }},
        {"a second one of nobody", Code::kCorrupt,
         [&](auto& s) {
           transform(s), s.manifest.transforms.push_back({1, 8, 6});
         }},
        {"no steps", Code::kCorrupt,
         [&](auto& s) {
           transform(s), s.manifest.sections.back().kind = SectionKind::kCodes,
                         s.manifest.sections.back().optional = true;
         }},
        {"steps of a field without", Code::kCorrupt,
         [&](auto& s) {
           transform(s), s.manifest.fields[0].transform = Field::kNoTransform, s.manifest.transforms.clear();
         }},
        {"steps of no field", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.sections.back().field = Section::kNone; }},
        {"steps of a segment", Code::kCorrupt, [&](auto& s) { transform(s), s.manifest.sections.back().segment = 0; }},
        {"steps that are optional", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.sections.back().optional = true; }},
        {"steps without a head", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.sections.back().count = s.manifest.sections.back().length = 31; }},
        {"elements of two bytes", Code::kCorrupt,
         [&](auto& s) {
           transform(s), s.manifest.sections.back().count = 16, s.manifest.sections.back().element_bytes = 2;
         }},
        {"a field of whole numbers", Code::kCorrupt,
         [&](auto& s) { transform(s), s.manifest.fields[0].type = ElementType::kI8; }},
    };
    check_refused(rules);
  }

  TEST_CASE("each rule of settings is kept") {
    const auto fuse = [](SampleManifest& s) { settings(s).layout = Layout::kFused; };
    const Rule rules[] = {
        {"layout 0", Code::kCorrupt, [](auto& s) { settings(s).layout = Layout{0}; }},
        {"layout 3", Code::kCorrupt, [](auto& s) { settings(s).layout = Layout{3}; }},
        {"degree 3", Code::kCorrupt, [](auto& s) { settings(s).degree = 3; }},
        {"degree 1025", Code::kCorrupt, [](auto& s) { settings(s).degree = 1025, settings(s).l_build = 1025; }},
        {"fewer candidates than neighbours", Code::kCorrupt, [](auto& s) { settings(s).l_build = 3; }},
        {"4097 candidates", Code::kCorrupt, [](auto& s) { settings(s).l_build = 4097; }},
        {"alpha below 1", Code::kCorrupt, [](auto& s) { settings(s).alpha = 0.5F; }},
        {"alpha above 2", Code::kCorrupt, [](auto& s) { settings(s).alpha = 2.5F; }},
        {"alpha NaN", Code::kCorrupt, [](auto& s) { settings(s).alpha = NAN; }},
        {"alpha infinite", Code::kCorrupt, [](auto& s) { settings(s).alpha = INFINITY; }},
        {"codes of 4 bytes", Code::kCorrupt, [](auto& s) { settings(s).code_bytes = 4; }},
        {"codes of 1029 bytes", Code::kCorrupt, [](auto& s) { settings(s).code_bytes = 1029; }},
        {"codes of too many dimensions", Code::kCorrupt,
         [](auto& s) { settings(s).code_bytes = 8, s.manifest.fields[0].dim = 4097; }},
        {"fused without codes", Code::kCorrupt, [&](auto& s) { fuse(s), settings(s).code_bytes = 0; }},
        {"fused of too many dimensions", Code::kCorrupt, [&](auto& s) { fuse(s), s.manifest.fields[0].dim = 4097; }},
        {"fused pages of no record", Code::kCorrupt, [&](auto& s) { fuse(s), settings(s).page_records = 0; }},
        {"lean pages of so many records", Code::kCorrupt, [](auto& s) { settings(s).page_records = 7; }},
    };
    check_refused(rules);
    CHECK(SampleManifest::decode_with([&](auto& s) { fuse(s), settings(s).page_records = 7; }));
    CHECK(SampleManifest::decode_with([&](auto& s) { fuse(s), settings(s).code_bytes = 1028; }));
    CHECK(SampleManifest::decode_with([&](auto& s) { settings(s).code_bytes = 0, settings(s).calibrate = false; }));
  }

  TEST_CASE("a field that is stored only needs no segment, and none may stand on it") {
    const Field stored{.name = "extra", .dim = 7, .indexed = false};
    CHECK(SampleManifest::decode_with([&](auto& s) { s.manifest.fields.push_back(stored); }));
    CHECK_FALSE(SampleManifest::decode_with([](auto& s) { s.manifest.fields[0].indexed = false; }));
  }
}

TEST_SUITE("format/manifest_segments") {
  TEST_CASE("each rule of segments and graphs is kept") {
    const Rule rules[] = {
        {"graph of no segment", Code::kCorrupt, [](auto& s) { graph(s).segment = 1; }},
        {"graph over no field", Code::kCorrupt, [](auto& s) { graph(s).field = 1; }},
        {"segment without a graph", Code::kCorrupt, [](auto& s) { s.manifest.graphs.clear(); }},
        {"edges over a field that is stored only", Code::kCorrupt,
         [](auto& s) { s.manifest.fields[0].indexed = false; }},
        {"live records of a further field alone", Code::kCorrupt,
         [](auto& s) {
           s.manifest.fields.push_back(s.manifest.fields[0]);
           s.manifest.fields[1].name = "other";
           graph(s).field = 1;
           for (auto& section : s.manifest.sections) section.field = section.field == 0 ? 1 : section.field;
         }},
        {"fewer nodes than records", Code::kCorrupt, [](auto& s) { --graph(s).nodes; }},
        {"more nodes than records", Code::kCorrupt, [](auto& s) { ++graph(s).nodes; }},
        {"layout 0", Code::kCorrupt, [](auto& s) { graph(s).layout = Layout{0}; }},
        {"layout 3", Code::kCorrupt, [](auto& s) { graph(s).layout = Layout{3}; }},
        {"fused without a form", Code::kCorrupt, [](auto& s) { graph(s).layout = Layout::kFused; }},
        {"lean with targets", Code::kCorrupt, [](auto& s) { graph(s).targets = 1; }},
        {"lean with codes on its pages", Code::kCorrupt, [](auto& s) { graph(s).code_bytes = 8; }},
        {"too many records", Code::kCorrupt, [](auto& s) { segment(s).count = graph(s).nodes = kMaxRecords + 1; }},
        {"degree 0", Code::kCorrupt, [](auto& s) { graph(s).degree = 0; }},
        {"degree above the limit", Code::kCorrupt, [](auto& s) { graph(s).degree = 1025; }},
        {"a first id above the last", Code::kCorrupt, [](auto& s) { segment(s).first_id = 91; }},
        {"fewer ids than records", Code::kCorrupt, [](auto& s) { segment(s).last_id = 17; }},
        {"an id of more than its bytes", Code::kCorrupt, [](auto& s) { segment(s).last_id = Id{1} << 32; }},
        {"the id that is none", Code::kCorrupt,
         [](auto& s) {
           segment(s).id_bytes = 8;
           segment(s).last_id = kNoId;
         }},
        {"ids of 5 bytes", Code::kCorrupt, [](auto& s) { segment(s).id_bytes = 5; }},
        {"neighbour bits", Code::kCorrupt, [](auto& s) { graph(s).neighbor_bits = 5; }},
        {"page bytes that give other slots", Code::kCorrupt, [](auto& s) { graph(s).page_bytes *= 2; }},
        {"no slots", Code::kCorrupt, [](auto& s) { graph(s).slots = 0; }},
        {"too many slots", Code::kCorrupt, [](auto& s) { ++graph(s).slots; }},
        {"slot bytes", Code::kCorrupt, [](auto& s) { --graph(s).slot_bytes; }},
        {"more edges than room", Code::kCorrupt, [](auto& s) { graph(s).edges = 9 * 4 + 1; }},
        {"more local edges than edges", Code::kCorrupt, [](auto& s) { graph(s).local_edges = graph(s).edges + 1; }},
        {"more deleted than records", Code::kCorrupt, [](auto& s) { segment(s).deleted = 10; }},
        {"deleted without tombstones", Code::kCorrupt,
         [](auto& s) { segment(s).deleted = 1, --s.manifest.live_count; }},
        {"live count too small", Code::kCorrupt, [](auto& s) { s.manifest.live_count = 8; }},
        {"live count too large", Code::kCorrupt, [](auto& s) { s.manifest.live_count = 10; }},
    };
    check_refused(rules);
  }

  TEST_CASE("lean pages of a size that no page has are refused in one sentence, at the size") {
    for (const std::uint32_t bytes : {0U, 8U, 4095U, 12'288U, 65'536U, 0xFFFF'F000U}) {
      CAPTURE(bytes);
      const auto got = SampleManifest::decode_with([&](auto& s) { graph(s).page_bytes = bytes; });
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
      CHECK(got.error().what == "pages of " + std::to_string(bytes) +
                                    " bytes for records of 20: expected 1, 2, 4 or 8 blocks of 4096 that hold one, or "
                                    "for one larger than 8 as many as it needs");
    }
  }

  TEST_CASE("lean pages of 1, 2, 4 and 8 blocks are read, with as many slots as there is room for and no others") {
    for (const std::uint32_t blocks : {1U, 2U, 4U, 8U}) {
      for (const std::uint32_t more : {0U, 1U, ~0U}) {
        CAPTURE(blocks);
        CAPTURE(more);
        auto file = testing::tiny_index({.count = 1800, .page_bytes = blocks * 4096});
        REQUIRE(file.manifest().graphs[0].slots == (blocks * 4096 - 16) / 24);
        file.manifest().graphs[0].slots += more;
        file.commit();
        CHECK(testing::verify_bytes(file.bytes()).has_value() == (more == 0));
      }
    }
  }
}

TEST_SUITE("format/manifest_sections") {
  TEST_CASE("each rule of sections is kept") {
    const Rule rules[] = {
        {"kind 0", Code::kCorrupt, [](auto& s) { codes(s).kind = SectionKind{0}; }},
        {"unknown kind, not optional", Code::kUnsupported, [](auto& s) { codes(s).optional = false; }},
        {"known kind, optional", Code::kCorrupt, [](auto& s) { entries(s).optional = true; }},
        {"offset not aligned", Code::kCorrupt, [](auto& s) { codes(s).offset += 8; }},
        {"offset before the data", Code::kCorrupt, [](auto& s) { pages(s).offset = kBlockBytes; }},
        {"offset behind the end", Code::kCorrupt, [](auto& s) { codes(s).offset = s.committed; }},
        {"offset near 2^64", Code::kCorrupt, [](auto& s) { codes(s).offset = ~std::uint64_t{0} << 12; }},
        {"length beyond the end", Code::kCorrupt,
         [](auto& s) { codes(s).length = codes(s).count = s.committed, codes(s).element_bytes = 1; }},
        {"length near 2^64", Code::kCorrupt, [](auto& s) { codes(s).length = ~std::uint64_t{0}; }},
        {"product too small", Code::kCorrupt, [](auto& s) { codes(s).count = 2; }},
        {"product overflows to the length", Code::kCorrupt,
         [](auto& s) {
           codes(s).count = (std::uint64_t{1} << 60) + 1, codes(s).element_bytes = 16, codes(s).length = 16;
         }},
        {"elements of 0 bytes", Code::kCorrupt, [](auto& s) { codes(s).element_bytes = 0; }},
        {"tree too short", Code::kCorrupt, [](auto& s) { codes(s).tree_bytes = 0; }},
        {"tree too long", Code::kCorrupt, [](auto& s) { codes(s).tree_bytes = 8192; }},
        {"tree not aligned", Code::kCorrupt, [](auto& s) { codes(s).tree_offset += 1; }},
        {"tree behind the end", Code::kCorrupt, [](auto& s) { codes(s).tree_offset = s.committed; }},
        {"field without row", Code::kCorrupt, [](auto& s) { pages(s).field = 1; }},
        {"segment without row", Code::kCorrupt, [](auto& s) { pages(s).segment = 1; }},
        {"ignored section, field without row", Code::kCorrupt, [](auto& s) { codes(s).field = 1; }},
        {"ignored section, segment without row", Code::kCorrupt, [](auto& s) { codes(s).segment = 1; }},
        {"serial 0", Code::kCorrupt, [](auto& s) { keys(s).serial = 0; }},
        {"serial twice", Code::kCorrupt, [](auto& s) { keys(s).serial = pages(s).serial; }},
        {"serial not given out yet", Code::kCorrupt, [](auto& s) { keys(s).serial = s.manifest.next_serial; }},
        {"pages of another size", Code::kCorrupt, [](auto& s) { pages(s).element_bytes = 1024, pages(s).count = 4; }},
        {"keys of another size", Code::kCorrupt, [](auto& s) { keys(s).element_bytes = 2048, keys(s).count = 2; }},
        {"no keys", Code::kCorrupt, [](auto& s) { keys(s).count = keys(s).length = 0; }},
        {"more blocks of keys than hold them", Code::kCorrupt,
         [](auto& s) { keys(s).count = 2, keys(s).length = 8192; }},
        {"no entry points", Code::kCorrupt, [](auto& s) { entries(s).count = 0, entries(s).length = 0; }},
        {"more entry points than records", Code::kCorrupt,
         [](auto& s) { entries(s).count = 10, entries(s).length = 40; }},
        {"not in order", Code::kCorrupt, [](auto& s) { std::swap(pages(s), keys(s)); }},
        {"graph pages missing", Code::kCorrupt, [](auto& s) { remove(s, 0); }},
        {"entry points missing", Code::kCorrupt, [](auto& s) { remove(s, 1); }},
        {"keys missing", Code::kCorrupt, [](auto& s) { remove(s, 2); }},
        {"keys of a field", Code::kCorrupt, [](auto& s) { keys(s).field = 0; }},
        {"pages of no field", Code::kCorrupt, [](auto& s) { pages(s).field = Section::kNone; }},
        {"tombstones where nothing is deleted", Code::kCorrupt,
         [](auto& s) {
           Section& dead = codes(s);
           dead.kind = SectionKind::kTombstones, dead.optional = false, dead.segment = 0;
           dead.element_bytes = 1, dead.count = dead.length = 2;
         }},
        {"keys twice", Code::kCorrupt,
         [](auto& s) {
           Section& second = codes(s);
           second.kind = SectionKind::kKeys, second.optional = false, second.segment = 0;
           second.element_bytes = 4096, second.count = 1, second.length = 4096;
         }},
    };
    check_refused(rules);
  }

  TEST_CASE("each rule of columns and payloads is kept") {
    const auto become = [](SampleManifest& s, SectionKind kind, std::uint32_t field) -> Section& {
      Section& section = codes(s);
      section.kind = kind, section.optional = false, section.segment = 0, section.field = field;
      section.element_bytes = 1, section.count = section.length = 64;
      return section;
    };
    constexpr auto kColumn = SectionKind::kAttribute, kPayload = SectionKind::kPayload;
    constexpr std::uint32_t kNone = Section::kNone;
    CHECK(SampleManifest::decode_with([&](auto& s) { become(s, kColumn, 0); }));
    CHECK(SampleManifest::decode_with([&](auto& s) { become(s, kColumn, 1); }));
    CHECK(SampleManifest::decode_with([&](auto& s) { become(s, kPayload, kNone); }));
    // On the same blocks: that is looked at last.
    const auto second = [&](SampleManifest& s, SectionKind kind, std::uint32_t field) {
      become(s, kind, field);
      s.manifest.sections.push_back(codes(s));
      s.manifest.sections.back().serial = s.manifest.next_serial++;
    };
    const Rule rules[] = {
        {"column of no attribute", Code::kCorrupt, [&](auto& s) { become(s, kColumn, kNone); }},
        {"column of an unknown attribute", Code::kCorrupt, [&](auto& s) { become(s, kColumn, 2); }},
        {"column of no segment", Code::kCorrupt, [&](auto& s) { become(s, kColumn, 0).segment = kNone; }},
        {"column of an unknown segment", Code::kCorrupt, [&](auto& s) { become(s, kColumn, 0).segment = 1; }},
        {"column that may be ignored", Code::kCorrupt, [&](auto& s) { become(s, kColumn, 0).optional = true; }},
        {"column of larger elements", Code::kCorrupt,
         [&](auto& s) { become(s, kColumn, 0).element_bytes = 8, codes(s).count = 8; }},
        {"column without room for a header", Code::kCorrupt,
         [&](auto& s) { become(s, kColumn, 0).count = codes(s).length = 63; }},
        {"column twice", Code::kCorrupt, [&](auto& s) { second(s, kColumn, 1); }},
        {"values of a segment without records", Code::kCorrupt,
         [&](auto& s) {
           s.manifest.segments.push_back({});
           become(s, kPayload, kNone).segment = 1;
         }},
        {"payloads of a field", Code::kCorrupt, [&](auto& s) { become(s, kPayload, 0); }},
        {"payloads of no segment", Code::kCorrupt, [&](auto& s) { become(s, kPayload, kNone).segment = kNone; }},
        {"payloads that may be ignored", Code::kCorrupt, [&](auto& s) { become(s, kPayload, kNone).optional = true; }},
        {"payloads of larger elements", Code::kCorrupt,
         [&](auto& s) { become(s, kPayload, kNone).element_bytes = 8, codes(s).count = 8; }},
        {"payloads without room for a header", Code::kCorrupt,
         [&](auto& s) { become(s, kPayload, kNone).count = codes(s).length = 15; }},
        {"payloads twice", Code::kCorrupt, [&](auto& s) { second(s, kPayload, kNone); }},
    };
    check_refused(rules);
  }

  TEST_CASE("a section may be empty when nothing demands elements of it") {
    CHECK(SampleManifest::decode_with([](auto& s) {
      Section empty{.kind = SectionKind::kPayloadDictionary, .optional = true, .offset = s.at, .element_bytes = 1};
      empty.serial = s.manifest.next_serial++;
      s.manifest.sections.push_back(empty);
    }));
    CHECK_FALSE(SampleManifest::decode_with([](auto& s) {
      Section empty{
          .kind = SectionKind::kPayloadDictionary, .optional = true, .offset = s.at, .element_bytes = 1, .root = 1};
      empty.serial = s.manifest.next_serial++;
      s.manifest.sections.push_back(empty);
    }));
  }
}

TEST_SUITE("format/manifest_space") {
  TEST_CASE("every block of the committed file belongs to exactly one thing") {
    const Rule rules[] = {
        {"nobody's block", Code::kCorrupt, [](auto& s) { s.manifest.free.clear(); }},
        {"two sections on one block", Code::kCorrupt, [](auto& s) { codes(s).offset = keys(s).offset; }},
        {"tree on its own data", Code::kCorrupt, [](auto& s) { keys(s).tree_offset = keys(s).offset; }},
        {"section on the manifest", Code::kCorrupt, [](auto& s) { codes(s).tree_offset = s.at; }},
        {"free space on the superblocks", Code::kCorrupt, [](auto& s) { s.manifest.free[0].offset = 0; }},
        {"free space on a section", Code::kCorrupt, [](auto& s) { s.manifest.free[0].offset = pages(s).offset; }},
        {"free space not aligned", Code::kCorrupt, [](auto& s) { s.manifest.free[0].offset += 512; }},
        {"free space of part of a block", Code::kCorrupt, [](auto& s) { s.manifest.free[0].length = 100; }},
        {"free space of no length", Code::kCorrupt, [](auto& s) { s.manifest.free[0].length = 0; }},
        {"free space beyond the end", Code::kCorrupt, [](auto& s) { s.manifest.free[0].length *= 2; }},
        {"free space near 2^64", Code::kCorrupt, [](auto& s) { s.manifest.free[0].offset = ~std::uint64_t{0} << 12; }},
        {"free space twice", Code::kCorrupt, [](auto& s) { s.manifest.free.push_back(s.manifest.free[0]); }},
        {"freed in no generation", Code::kCorrupt, [](auto& s) { s.manifest.free[0].freed_in = 0; }},
        {"freed in a later generation", Code::kCorrupt, [](auto& s) { s.manifest.free[0].freed_in = 4; }},
        {"file longer", Code::kCorrupt, [](auto& s) { s.committed += kBlockBytes; }},
        {"file shorter", Code::kCorrupt, [](auto& s) { s.committed -= kBlockBytes; }},
    };
    check_refused(rules);
  }
}

}  // namespace nearline::format
