// SPDX-License-Identifier: Apache-2.0
#include "format/neighbor_header.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace nearline::format {
namespace {

std::vector<std::byte> words(std::initializer_list<std::uint32_t> values) {
  std::vector<std::byte> bytes(values.size() * 4);
  std::size_t at = 0;
  for (const std::uint32_t value : values) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
    at += sizeof value;
  }
  return bytes;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

std::vector<std::byte> npy(const std::string& dictionary) {
  std::string head = "\x93NUMPY";
  head += {'\x01', '\0', static_cast<char>(dictionary.size()), '\0'};
  return bytes_of(head + dictionary);
}

}  // namespace

TEST_SUITE("format/neighbor_header") {
  TEST_CASE("neighbours come with all their distances or with none") {
    const auto head = words({2, 3});
    const auto with = decode_neighbor_header(NeighborForm::kIbin, head, 8 + 48);
    REQUIRE(with);
    CHECK(with->distances_at == 8 + 24);
    const auto without = decode_neighbor_header(NeighborForm::kIbin, head, 8 + 24);
    REQUIRE(without);
    CHECK(without->distances_at == 0);
    CHECK(decode_neighbor_header(NeighborForm::kIbin64, head, 8 + 72)->distances_at == 8 + 48);
    for (const std::uint64_t length : {0, 4, 8, 31, 33, 55, 57})
      CHECK_FALSE(decode_neighbor_header(NeighborForm::kIbin, head, length));
    CHECK_FALSE(decode_neighbor_header(NeighborForm::kIbin, words({2, 0}), 8));
    CHECK_FALSE(decode_neighbor_header(NeighborForm::kIbin, words({0xFFFF'FFFF, 0xFFFF'FFFF}), 8));
    CHECK_FALSE(decode_neighbor_header(NeighborForm::kIvecs, words({0xFFFF'FFFF}), 4));
  }

  TEST_CASE("a list of ids counts them twice: in the header and by its length") {
    CHECK(decode_id_header(IdForm::kU64bin, words({2, 1}), 24)->count == 2);
    CHECK_FALSE(decode_id_header(IdForm::kU64bin, words({2, 1}), 23));
    CHECK_FALSE(decode_id_header(IdForm::kU64bin, words({2, 2}), 24));
    CHECK_FALSE(decode_id_header(IdForm::kU64bin, words({2}), 4));
  }

  TEST_CASE("a NumPy array of whole numbers is a table of neighbours, or a list of ids, of exactly its length") {
    for (const std::string type : {"<i4", "<u4", "<i8", "<u8"}) {
      CAPTURE(type);
      const std::uint64_t bytes = type[2] == '8' ? 8 : 4;
      const auto table = npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': (2, 3)}");
      const auto header = decode_neighbor_header(NeighborForm::kNpy, table, table.size() + 6 * bytes);
      REQUIRE(header);
      CHECK(header->queries == 2);
      CHECK(header->k == 3);
      CHECK(header->id_bytes == bytes);
      CHECK(header->has_sign == (type[1] == 'i'));
      CHECK(header->ids_at == table.size());
      CHECK(header->distances_at == 0);
      CHECK_FALSE(decode_neighbor_header(NeighborForm::kNpy, table, table.size() + 6 * bytes + 1));
      CHECK_FALSE(decode_id_header(IdForm::kNpy, table, table.size() + 6 * bytes));
      for (const std::string shape : {"(6,)", "(6, 1)", "(1, 6)"}) {
        CAPTURE(shape);
        const auto list = npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}");
        const auto ids = decode_id_header(IdForm::kNpy, list, list.size() + 6 * bytes);
        REQUIRE(ids);
        CHECK(ids->count == 6);
        CHECK(ids->id_bytes == bytes);
        CHECK_FALSE(decode_id_header(IdForm::kNpy, list, list.size() + 6 * bytes - 1));
      }
      const auto one = npy("{'descr': '" + type + "', 'fortran_order': True, 'shape': (6,)}");
      CHECK(decode_neighbor_header(NeighborForm::kNpy, one, one.size() + 6 * bytes)->k == 6);
    }
  }

  TEST_CASE("arrays that are no ids are refused") {
    for (const char* text : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
                             "{'descr': '<i8', 'fortran_order': True, 'shape': (2, 3)}",
                             "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 0)}",
                             "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4294967296)}",
                             "{'descr': '>i8', 'fortran_order': False, 'shape': (2, 3)}",
                             "{'descr': '<i8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"}) {
      CAPTURE(text);
      const auto head = npy(text);
      for (const std::uint64_t body : {0, 24, 48}) {
        const auto header = decode_neighbor_header(NeighborForm::kNpy, head, head.size() + body);
        REQUIRE_FALSE(header);
        CHECK(header.error().code == Code::kBadInput);
      }
    }
  }

  TEST_CASE("an encoded header is decoded to the same") {
    for (const NeighborForm form : {NeighborForm::kIbin, NeighborForm::kIbin64, NeighborForm::kNpy}) {
      const auto head = encode_neighbor_header(form, 7, 3);
      const std::uint64_t cell = form == NeighborForm::kIbin ? 4 : 8;
      const auto header = decode_neighbor_header(form, head, head.size() + 21 * cell);
      REQUIRE(header);
      CHECK(header->queries == 7);
      CHECK(header->k == 3);
      CHECK(header->ids_at == head.size());
    }
    for (const IdForm form : {IdForm::kU64bin, IdForm::kNpy}) {
      const auto head = encode_id_header(form, 5);
      CHECK(decode_id_header(form, head, head.size() + 40)->count == 5);
    }
  }
}

}  // namespace nearline::format
