// SPDX-License-Identifier: Apache-2.0
#include "format/checksum.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "format/fields.h"

namespace nearline::format {
namespace {

std::vector<std::byte> counting(std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i * 7 + 3);
  return data;
}

std::string hex(const Hash128& hash) {
  return hexadecimal(std::as_bytes(std::span(hash)));
}

}  // namespace

TEST_SUITE("format/checksum") {
  TEST_CASE("the hashes are those of the published algorithm") {
    CHECK(hash64({}) == 0x2D06800538D394C2U);
    CHECK(hex(hash128({})) == "99aa06d3014798d86001c324468d497f");
  }

  TEST_CASE("a hash fed in parts is the hash of the whole") {
    const auto data = counting(10'000);
    for (const std::size_t part : {std::size_t{1}, std::size_t{63}, std::size_t{4096}, std::size_t{10'000}}) {
      CAPTURE(part);
      Hasher128 hasher;
      for (std::size_t at = 0; at < data.size(); at += part) {
        hasher.update(std::span(data).subspan(at, std::min(part, data.size() - at)));
      }
      CHECK(hasher.digest() == hash128(data));
      CHECK(hasher.digest() == hash128(data));  // asking does not change it
    }
  }

  TEST_CASE("the same block elsewhere has another checksum") {
    const auto block = counting(4096);
    FileId file{}, other{};
    other[15] = 1;
    const std::set<std::uint64_t> sums = {
        block_checksum(block, file, 1, 0, 0), block_checksum(block, other, 1, 0, 0),
        block_checksum(block, file, 2, 0, 0), block_checksum(block, file, 1, 1, 0),
        block_checksum(block, file, 1, 0, 1),
    };
    CHECK(sums.size() == 5);
    CHECK(block_checksum(block, file, 1, 0, 0) == *sums.find(block_checksum(block, FileId{}, 1, 0, 0)));
  }

  TEST_CASE("each flipped bit of a block changes its checksum") {
    auto block = counting(4096);
    const FileId file{};
    const std::uint64_t good = block_checksum(block, file, 9, 0, 5);
    for (std::size_t bit = 0; bit < block.size() * 8; bit += 5) {
      CAPTURE(bit);
      block[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
      CHECK(block_checksum(block, file, 9, 0, 5) != good);
      block[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    }
  }
}

}  // namespace nearline::format
