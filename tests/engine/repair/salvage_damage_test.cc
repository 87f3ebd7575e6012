// SPDX-License-Identifier: Apache-2.0
/// Salvage under damage that comes in numbers, from copies that were torn, and by intent.
#include "engine/repair/salvage.h"
#include "format/keys.h"
#include "format/manifest_layout.h"
#include "tests/engine/repair/salvage_world.h"
#include "tests/support/restamp.h"

namespace nearline {
namespace {

using testing::kBlock;
using testing::SalvageWorld;
using testing::zero_block;

}  // namespace

TEST_SUITE("engine/repair/salvage_damage") {
  TEST_CASE("a copy that is torn between two commits gives only records that some commit held") {
    SalvageWorld world;
    const auto& before = world.images[world.generation - 2];
    for (std::uint64_t border = 1; border < world.blocks(); ++border) {
      for (const bool new_first : {false, true}) {
        CAPTURE(border);
        CAPTURE(new_first);
        const auto cut = static_cast<std::ptrdiff_t>(border * kBlock);
        auto torn = before;
        torn.resize(world.bytes.size());
        if (new_first) {
          std::copy(world.bytes.begin(), world.bytes.begin() + cut, torn.begin());
        } else {
          std::copy(world.bytes.begin() + cut, world.bytes.end(), torn.begin() + cut);
        }
        const auto saved = world.salvage(torn);
        if (saved) CHECK(world.was_true(saved.value().held));
      }
    }
  }

  TEST_CASE("whatever many damaged blocks hold, only records that some commit held are saved") {
    SalvageWorld world;
    std::size_t saved_some = 0;
    for (int round = 0; round < 300; ++round) {
      CAPTURE(round);
      auto bytes = world.bytes;
      for (std::uint64_t n = 1 + world.draw() % 6; n > 0; --n) {
        const std::uint64_t block = world.draw() % world.blocks();
        const std::uint64_t other = world.draw() % world.blocks();
        switch (world.draw() % 3) {
          case 0: zero_block(bytes, block); break;
          case 1: bytes[block * kBlock + world.draw() % kBlock] ^= std::byte{1}; break;
          default:
            std::copy_n(world.bytes.begin() + static_cast<std::ptrdiff_t>(other * kBlock), kBlock,
                        bytes.begin() + static_cast<std::ptrdiff_t>(block * kBlock));
        }
      }
      if (world.draw() % 8 == 0) bytes.resize(bytes.size() - world.draw() % (4 * kBlock));
      const auto saved = world.salvage(bytes);
      if (!saved) continue;
      ++saved_some;
      CHECK(world.was_true(saved.value().held));
      CHECK((!saved.value().report.complete() || saved.value().held == world.models[saved.value().report.generation]));
    }
    CHECK(saved_some > 150);
  }

  TEST_CASE("damage whose hashes were made right again gives an index that is whole, or an error") {
    SalvageWorld world;
    std::size_t saved_some = 0;
    for (int round = 0; round < 300; ++round) {
      CAPTURE(round);
      auto bytes = world.bytes;
      for (std::uint64_t n = 1 + world.draw() % 4; n > 0; --n) {
        bytes[world.draw() % bytes.size()] = static_cast<std::byte>(world.draw());
      }
      if (round % 2 == 0) {
        testing::restamp_sections(bytes);
      } else {
        testing::restamp(bytes);
      }
      if (world.draw() % 4 == 0) zero_block(bytes, world.draw() % 2);
      const auto saved = world.salvage(bytes);  // verifies what it made
      saved_some += saved ? 1 : 0;
    }
    CHECK(saved_some > 150);
  }

  TEST_CASE("a manifest that claims far more than the file has costs no more than the file") {
    SalvageWorld world;
    auto bytes = world.bytes;
    bytes.resize(3 * kBlock);
    zero_block(bytes, 0);
    zero_block(bytes, 1);
    format::Manifest manifest;
    manifest.fields = {{.name = "vector", .dim = testing::kDim}};
    manifest.generation = 1;
    manifest.next_serial = 100;
    std::uint64_t at = 3 * kBlock;
    const auto add = [&](format::SectionKind kind, std::uint64_t count, std::uint32_t element) {
      const std::uint64_t length = count * element;
      const std::uint64_t whole = (length + kBlock - 1) / kBlock * kBlock;
      const std::uint64_t tree = format::TreeShape::of(length).bytes();
      const bool of_all = kind == format::SectionKind::kKeys || kind == format::SectionKind::kTombstones;
      manifest.sections.push_back({.kind = kind,
                                   .field = of_all ? format::Section::kNone : 0,
                                   .offset = at,
                                   .length = length,
                                   .count = count,
                                   .element_bytes = element,
                                   .serial = manifest.sections.size() + 1,
                                   .tree_offset = at + whole,
                                   .tree_bytes = tree});
      at += whole + tree;
    };
    const std::uint64_t count = kMaxRecords;
    const auto shape = format::PageShape::choose(count, testing::kDim, ElementType::kF32, Metric::kL2, 8, 4);
    manifest.segments = {{.count = count, .deleted = 5, .last_id = count - 1}};
    manifest.graphs = {{.nodes = count,
                        .degree = 8,
                        .page_bytes = shape.page_bytes,
                        .slots = shape.slots,
                        .slot_bytes = shape.slot_bytes,
                        .neighbor_bits = shape.neighbor_bits}};
    manifest.live_count = count - 5;
    add(format::SectionKind::kGraphPages, shape.pages(count), shape.page_bytes);
    add(format::SectionKind::kEntryPoints, 1, 4);
    add(format::SectionKind::kKeys, format::KeyShape::of(manifest.segments.front()).blocks(), kBlock);
    add(format::SectionKind::kTombstones, (count + 7) / 8, 1);
    const auto encoded = format::encode(manifest);
    REQUIRE(encoded.size() == kBlock);
    std::copy(encoded.begin(), encoded.end(), bytes.begin() + 2 * kBlock);
    const std::uint64_t calls = world.disk.calls();
    const auto saved = world.salvage(bytes);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().message().find("damaged: none of 4294967294 records is intact") == 0);
    CHECK(world.disk.calls() - calls < 100);
  }

  TEST_CASE("a file full of what looks like manifests is read a bounded number of times") {
    SalvageWorld world;
    constexpr std::uint64_t kBlocks = 3000;
    std::vector<std::byte> bytes(kBlocks * kBlock);
    for (std::uint64_t block = 2; block < kBlocks; ++block) {
      format::ManifestHeader header{};
      header.magic = format::kManifestMagic;
      header.manifest_bytes = 64 * kBlock;
      header.generation = 7;
      format::ManifestFooter footer{};
      footer.magic = format::kFooterMagic;
      footer.manifest_bytes = 64 * kBlock;
      footer.generation = 7;
      std::memcpy(bytes.data() + block * kBlock, &header, sizeof header);
      std::memcpy(bytes.data() + (block + 1) * kBlock - sizeof footer, &footer, sizeof footer);
    }
    const std::uint64_t calls = world.disk.calls();
    const auto saved = world.salvage(bytes);
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == Code::kNotAnIndex);
    CHECK(world.disk.calls() - calls < 2 * kBlocks);
  }

  TEST_CASE("blocks that cannot be read are lost like others, and the rest is saved") {
    SalvageWorld world;
    const auto by_block = world.ids_by_block();
    const std::uint64_t block = by_block.rbegin()->first;  // where the new file has no block
    world.disk.put("damaged", world.bytes);
    world.disk.set_faults({.bad_at = block * kBlock, .bad_bytes = kBlock});
    const auto report = engine::salvage(world.disk, "damaged", "saved", {.threads = 1, .replace = true});
    world.disk.set_faults({});
    REQUIRE(report);
    CHECK(report.value().lost == by_block.rbegin()->second.size());
  }

  TEST_CASE("the output is there whole or not at all, whichever call fails") {
    SalvageWorld world;
    world.disk.put("damaged", world.bytes);
    const std::uint64_t before = world.disk.calls();
    REQUIRE(engine::salvage(world.disk, "damaged", "first", {.threads = 1}));
    const std::uint64_t calls = world.disk.calls() - before;
    std::size_t failures = 0;
    for (std::uint64_t call = 1; call <= calls; call += 1 + call / 16) {
      CAPTURE(call);
      SalvageWorld fresh;
      fresh.disk.put("damaged", fresh.bytes);
      const auto names = fresh.disk.names().size();
      fresh.disk.set_faults({.fail_call = fresh.disk.calls() + call, .fail_for_ever = true});
      const auto report = engine::salvage(fresh.disk, "damaged", "saved", {.threads = 1});
      fresh.disk.set_faults({});
      if (report) continue;
      ++failures;
      CHECK(fresh.disk.names().size() <= names + 1);
      // It has its name once only the directory's flush is left to fail.
      if (fresh.disk.exists("saved").value()) CHECK(testing::findings(fresh.disk, "saved") == "");
    }
    CHECK(failures > 10);
  }

  TEST_CASE("an output that exists stays as it is unless it is to be replaced") {
    SalvageWorld world;
    world.disk.put("other", world.bytes);
    const auto report = engine::salvage(world.disk, "index", "other", {.threads = 1});
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Code::kExists);
    CHECK(world.disk.contents("other") == world.bytes);
    const auto onto_itself = engine::salvage(world.disk, "index", "index", {.threads = 1, .replace = true});
    REQUIRE_FALSE(onto_itself);
    CHECK(onto_itself.error().code == Code::kInvalidArgument);
    CHECK(world.disk.contents("index") == world.bytes);
  }
}

}  // namespace nearline
