// SPDX-License-Identifier: Apache-2.0
#include "format/superblock.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "format/fields.h"
#include "nearline/version.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kFileBytes = 100 * kBlockBytes;

Superblock sample(std::uint64_t generation = 1, std::uint32_t slot = 0) {
  return {.major = kFormatMajor,
          .minor = kFormatMinor,
          .features = {.compat = 5, .ro_compat = 6},
          .file_id = {1, 2, 3},
          .generation = generation,
          .committed_bytes = kFileBytes,
          .manifest_offset = 90 * kBlockBytes,
          .manifest_bytes = 2 * kBlockBytes,
          .manifest_hash = {9, 8, 7},
          .slot = slot};
}

const FieldInfo& field(std::string_view name) {
  for (const FieldInfo& f : kSuperblockInfo.fields) {
    if (f.name == name) return f;
  }
  FAIL("no such field: " << name);
  return kSuperblockInfo.fields[0];
}

/// With one field set and the hash right again.
Block with(std::string_view name, std::uint64_t value) {
  Block block = encode(sample());
  const FieldInfo& f = field(name);
  std::memcpy(block.data() + f.offset, &value, std::min<std::size_t>(f.bytes, sizeof value));
  stamp_superblock(block);
  return block;
}

}  // namespace

TEST_SUITE("format/superblock") {
  TEST_CASE("what was encoded is decoded") {
    for (const std::uint32_t slot : {0U, 1U}) {
      const Superblock in = sample(slot == 0 ? 42 : 43, slot);
      const auto out = decode_superblock(encode(in), slot, kFileBytes);
      REQUIRE(out);
      CHECK(encode(*out) == encode(in));
      CHECK(out->features.ro_compat == 6);
      CHECK(out->committed_bytes == kFileBytes);
      CHECK(out->manifest_hash == in.manifest_hash);
    }
  }

  TEST_CASE("every flipped bit is refused, and the error lies inside the block") {
    const Block good = encode(sample(7, 1));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      CAPTURE(bit);
      Block bad = good;
      bad[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      const auto got = decode_superblock(bad, 1, kFileBytes);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == (bit < 128 ? Code::kNotAnIndex : Code::kCorrupt));
      CHECK(got.error().at >= kBlockBytes);
      CHECK(got.error().at < 2 * kBlockBytes);
    }
  }

  TEST_CASE("a file cut at any length inside or before the commit's end is refused") {
    const Block good = encode(sample());
    for (std::uint64_t bytes = 0; bytes < kFileBytes; bytes += bytes < 2 * kBlockBytes ? 1 : 1000) {
      CAPTURE(bytes);
      Block cut{};
      std::copy_n(good.begin(), std::min<std::uint64_t>(bytes, kBlockBytes), cut.begin());
      const auto got = decode_superblock(cut, 0, bytes);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == (bytes < 15 ? Code::kNotAnIndex : Code::kTruncated));  // the magic ends with a zero
    }
  }

  TEST_CASE("a value out of range is refused by name, though the hash is right") {
    const struct {
      std::string_view name;
      std::uint64_t value;
      Code code;
    } rows[] = {
        {"endian_mark", 0x04030201, Code::kUnsupported},
        {"float_mark", 0, Code::kUnsupported},
        {"block_bytes", 8192, Code::kUnsupported},
        {"major", 0, Code::kUnsupported},
        {"major", kFormatMajor + 1, Code::kUnsupported},
        {"incompat", 1, Code::kUnsupported},
        {"incompat", std::uint64_t{1} << 63, Code::kUnsupported},
        {"slot", 1, Code::kCorrupt},
        {"reserved_0", 1, Code::kCorrupt},
        {"reserved_1", 1, Code::kCorrupt},
        {"generation", 0, Code::kCorrupt},
        {"generation", 3, Code::kCorrupt},  // belongs into slot 1
        {"committed_bytes", 0, Code::kCorrupt},
        {"committed_bytes", 2 * kBlockBytes, Code::kCorrupt},
        {"committed_bytes", kFileBytes + 1, Code::kCorrupt},
        {"committed_bytes", kFileBytes + kBlockBytes, Code::kTruncated},
        {"committed_bytes", ~std::uint64_t{0} << 12, Code::kTruncated},
        {"manifest_offset", 0, Code::kCorrupt},
        {"manifest_offset", kBlockBytes, Code::kCorrupt},
        {"manifest_offset", 3 * kBlockBytes + 8, Code::kCorrupt},
        {"manifest_offset", kFileBytes, Code::kCorrupt},
        {"manifest_offset", ~std::uint64_t{0} << 12, Code::kCorrupt},
        {"manifest_bytes", 0, Code::kCorrupt},
        {"manifest_bytes", 40, Code::kCorrupt},
        {"manifest_bytes", 11 * kBlockBytes, Code::kCorrupt},
        {"manifest_bytes", ~std::uint64_t{0} << 12, Code::kCorrupt},
    };
    for (const auto& row : rows) {
      CAPTURE(row.name);
      CAPTURE(row.value);
      const auto got = decode_superblock(with(row.name, row.value), 0, kFileBytes);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == row.code);
      if (row.code != Code::kTruncated && row.name.substr(0, 8) != "reserved") {
        const FieldInfo& f = field(row.name);
        CHECK(got.error().at / 8 == (row.name == "float_mark" ? field("endian_mark").offset : f.offset) / 8);
      }
    }
  }

  TEST_CASE("any field at 0, 1 or its maximum, stamped, is refused or encodes to the same bytes") {
    for (const FieldInfo& f : kSuperblockInfo.fields) {
      for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        CAPTURE(f.name);
        CAPTURE(value);
        const Block block = with(f.name, value);
        if (const auto got = decode_superblock(block, 0, kFileBytes)) CHECK(encode(*got) == block);
      }
    }
  }

  TEST_CASE("unknown compat and ro_compat bits are kept, not refused") {
    CHECK(decode_superblock(with("compat", ~std::uint64_t{0}), 0, kFileBytes));
    CHECK(decode_superblock(with("ro_compat", ~std::uint64_t{0}), 0, kFileBytes));
    CHECK(decode_superblock(with("minor", 0xFFFF), 0, kFileBytes));
  }
}

TEST_SUITE("format/superblock_choice") {
  TEST_CASE("the newest valid slot wins, whichever it is") {
    for (const std::uint64_t newest : {std::uint64_t{2}, std::uint64_t{3}}) {
      CAPTURE(newest);
      const std::uint64_t even = newest == 2 ? 2 : newest - 1;
      const std::uint64_t odd = newest == 2 ? 1 : newest;
      const auto got = choose_superblock(encode(sample(even, 0)), encode(sample(odd, 1)), kFileBytes);
      REQUIRE(got);
      CHECK(got->superblock.generation == newest);
      CHECK(got->other_valid);
    }
  }

  TEST_CASE("the first commit stands in both slots") {
    const auto got = choose_superblock(encode(sample(1, 0)), encode(sample(1, 1)), kFileBytes);
    REQUIRE(got);
    CHECK(got->superblock.generation == 1);
    CHECK(got->other_valid);
    Superblock different = sample(1, 1);
    different.manifest_hash[0] ^= 1;
    const auto odd = choose_superblock(encode(sample(1, 0)), encode(different), kFileBytes);
    REQUIRE(odd);
    CHECK_FALSE(odd->other_valid);
  }

  TEST_CASE("a damaged slot leaves the other, and is told") {
    Block bad = encode(sample(4, 0));
    bad[200] ^= std::byte{1};
    const auto got = choose_superblock(bad, encode(sample(3, 1)), kFileBytes);
    REQUIRE(got);
    CHECK(got->superblock.generation == 3);
    CHECK_FALSE(got->other_valid);
    CHECK(got->other_error.code == Code::kCorrupt);
    const auto mirrored = choose_superblock(encode(sample(4, 0)), Block{}, kFileBytes);
    REQUIRE(mirrored);
    CHECK(mirrored->superblock.generation == 4);
    CHECK(mirrored->other_error.code == Code::kNotAnIndex);
  }

  TEST_CASE("a slot of another file is told, one of an older commit is the last durable one before relaxed ones") {
    const auto older = choose_superblock(encode(sample(6, 0)), encode(sample(3, 1)), kFileBytes);
    REQUIRE(older);
    CHECK(older->superblock.generation == 6);
    CHECK(older->other_valid);
    CHECK(older->other.generation == 3);
    Superblock foreign = sample(5, 1);
    foreign.file_id[0] ^= 1;
    const auto mixed = choose_superblock(encode(sample(6, 0)), encode(foreign), kFileBytes);
    REQUIRE(mixed);
    CHECK_FALSE(mixed->other_valid);
  }

  TEST_CASE("a slot that is in the other's place is not taken") {
    const auto got = choose_superblock(encode(sample(3, 1)), encode(sample(4, 0)), kFileBytes);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kCorrupt);
  }

  TEST_CASE("a slot that needs a newer reader refuses the file, even beside a valid one") {
    Superblock newer = sample(4, 0);
    newer.features.incompat = 1;
    const auto got = choose_superblock(encode(newer), encode(sample(3, 1)), kFileBytes);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kUnsupported);
    newer = sample(5, 1);
    newer.major = kFormatMajor + 1;
    CHECK_FALSE(choose_superblock(encode(sample(4, 0)), encode(newer), kFileBytes));
  }

  TEST_CASE("a relaxed commit counts during its own boot, and afterwards the durable one before it does") {
    constexpr BootId kNow = {1, 2, 3}, kLater = {1, 2, 4};
    Superblock relaxed = sample(8, 0);
    relaxed.boot = kNow;
    const Block newest = encode(relaxed), durable = encode(sample(5, 1));
    const auto got = choose_superblock(newest, durable, kFileBytes, kNow);
    REQUIRE(got);
    CHECK(got->superblock.generation == 8);
    CHECK(got->superblock.relaxed());
    CHECK(got->other_valid);
    CHECK(choose_superblock(newest, durable, kFileBytes)->superblock.generation == 8);  // who only looks sees it
    const auto fallen_back = choose_superblock(newest, durable, kFileBytes, kLater);
    REQUIRE(fallen_back);
    CHECK(fallen_back->superblock.generation == 5);
    CHECK_FALSE(fallen_back->superblock.relaxed());
    CHECK_FALSE(fallen_back->other_valid);
    CHECK(fallen_back->other_error.at == field("boot").offset);
    const auto shorter = choose_superblock(newest, encode([] {
                                             Superblock small = sample(5, 1);
                                             small.committed_bytes -= kBlockBytes;
                                             return small;
                                           }()),
                                           kFileBytes - 1, kLater);
    REQUIRE(shorter);
    CHECK(shorter->other_error.what.find("a restart") != std::string::npos);  // and not that it is truncated
    // Who does not know the boot knows neither that it can be trusted nor that it is lost.
    CHECK(choose_superblock(newest, durable, kFileBytes, BootId{}).error().code == Code::kUnsupported);
    CHECK(choose_superblock(encode(sample(6, 0)), durable, kFileBytes, BootId{}).has_value());
    // Without a durable one there is nothing, and the error says why.
    for (const Block& useless : {Block{}, encode(sample(6, 0))}) {  // the second stands in the wrong slot
      const auto nothing = choose_superblock(newest, useless, kFileBytes, kLater);
      REQUIRE_FALSE(nothing);
      CHECK(nothing.error().code == Code::kCorrupt);
      CHECK(nothing.error().what.find("a restart") != std::string::npos);
    }
    // Nobody writes a relaxed commit and then one that does not replace it.
    relaxed = sample(5, 1);
    relaxed.boot = kNow;
    CHECK_FALSE(choose_superblock(encode(sample(6, 0)), encode(relaxed), kFileBytes, kNow)->other_valid);
  }

  TEST_CASE("a relaxed commit that is made durable has the bytes of one that always was") {
    Superblock superblock = sample(8, 0);
    superblock.boot = {7};
    superblock = decode_superblock(encode(superblock), 0, kFileBytes).value();
    CHECK(superblock.relaxed());
    superblock.boot = {};
    CHECK(encode(superblock) == encode(sample(8, 0)));
  }

  TEST_CASE("of two useless slots the one that tells more is reported") {
    Block damaged = encode(sample(3, 1));
    damaged[300] ^= std::byte{1};
    const auto corrupt_second = choose_superblock(Block{}, damaged, kFileBytes);
    REQUIRE_FALSE(corrupt_second);
    CHECK(corrupt_second.error().code == Code::kCorrupt);
    const auto truncated = choose_superblock(encode(sample(4, 0)), damaged, kFileBytes - 1);
    REQUIRE_FALSE(truncated);
    CHECK(truncated.error().code == Code::kTruncated);
    const auto nothing = choose_superblock(Block{}, Block{}, 0);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Code::kNotAnIndex);
  }
}

}  // namespace nearline::format
