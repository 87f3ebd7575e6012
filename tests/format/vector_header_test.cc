// SPDX-License-Identifier: Apache-2.0
#include "format/vector_header.h"

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

constexpr VectorKind kFbin{VectorForm::kBin, ElementType::kF32};
constexpr VectorKind kFvecs{VectorForm::kVecs, ElementType::kF32};
constexpr VectorKind kNpy{VectorForm::kNpy, std::nullopt};

}  // namespace

TEST_SUITE("format/vector_header") {
  TEST_CASE("a counted header describes exactly the file's length") {
    const auto head = words({10, 128});
    const auto header = decode_vector_header({VectorForm::kBin, ElementType::kU8}, head, 1288);
    REQUIRE(header);
    CHECK(header->rows == 10);
    CHECK(header->dim == 128);
    CHECK(header->row_at(3) == 8 + 3 * 128);
    for (const std::uint64_t length : {0, 7, 8, 1287, 1289, 1300}) {
      CAPTURE(length);
      const auto wrong = decode_vector_header({VectorForm::kBin, ElementType::kU8}, head, length);
      REQUIRE_FALSE(wrong);
      CHECK(wrong.error().code == Code::kBadInput);
    }
    CHECK(decode_vector_header({VectorForm::kBin, ElementType::kU8}, head, 1300).error().what ==
          "header says 10 rows of 128 u8: expected 1288 bytes, found 1300");
  }

  TEST_CASE("bits take whole bytes a row") {
    CHECK(decode_vector_header({VectorForm::kBin, ElementType::kB1}, words({3, 9}), 8 + 3 * 2));
    CHECK_FALSE(decode_vector_header({VectorForm::kBin, ElementType::kB1}, words({3, 9}), 8 + 3 * 9));
  }

  TEST_CASE("no rows are legal where a header says so, no dimension nowhere") {
    CHECK(decode_vector_header(kFbin, words({0, 5}), 8));
    CHECK_FALSE(decode_vector_header(kFbin, words({0, 0}), 8));
    CHECK_FALSE(decode_vector_header(kFbin, words({0, kMaxDim + 1}), 8));
    CHECK_FALSE(decode_vector_header(kFvecs, {}, 0));
    CHECK_FALSE(decode_vector_header(kFvecs, words({0}), 4));
  }

  TEST_CASE("rows with their own headers are counted by the file's length") {
    const auto header = decode_vector_header(kFvecs, words({2}), 36);
    REQUIRE(header);
    CHECK(header->rows == 3);
    CHECK(header->row_at(1) == 12);
    CHECK_FALSE(decode_vector_header(kFvecs, words({2}), 35));
    CHECK_FALSE(decode_vector_header(kFvecs, words({0xFFFF'FFFF}), 36));
  }

  TEST_CASE("an encoded header is decoded to the same, whatever the form and type") {
    for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kU8, ElementType::kI8}) {
      for (const VectorForm form : {VectorForm::kBin, VectorForm::kNpy}) {
        for (const std::uint64_t rows : {0ULL, 1ULL, 4'000'000'000ULL}) {
          CAPTURE(static_cast<int>(form));
          CAPTURE(rows);
          const auto head = encode_vector_header(form, type, rows, 77);
          REQUIRE(head);
          const auto header = decode_vector_header({form, type}, *head, head->size() + rows * vector_bytes(type, 77));
          REQUIRE(header);
          CHECK(header->rows == rows);
          CHECK(header->dim == 77);
          CHECK(header->type == type);
          CHECK(header->data_at == head->size());
        }
      }
    }
    CHECK_FALSE(encode_vector_header(VectorForm::kBin, ElementType::kU8, 0x1'0000'0000, 1));
    CHECK(encode_vector_header(VectorForm::kNpy, ElementType::kU8, ~std::uint64_t{0}, kMaxDim)->size() == 128);
  }

  TEST_CASE("the dictionary of a NumPy header may be written in any order and with any blanks") {
    for (const char* text : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
                             "{\"shape\":(2,3,),\"descr\":\"<f4\",\"fortran_order\":False}",
                             " { 'fortran_order' : False , 'shape' : ( 2 , 3 ) , 'descr' : '<f4' }  \n"}) {
      CAPTURE(text);
      const auto head = npy(text);
      const auto header = decode_vector_header(kNpy, head, head.size() + 24);
      REQUIRE(header);
      CHECK(header->rows == 2);
      CHECK(header->dim == 3);
      CHECK(header->type == ElementType::kF32);
    }
  }

  TEST_CASE("a NumPy header that says anything else is refused") {
    for (const char* text :
         {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'shape': (2, 3)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'extra': 1}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} + 1",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
          "{'descr': '<f4', 'fortran_order': Falsehood, 'shape': (2, 3)}",
          "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2, 3)}",
          "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3)}",
          "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3)}",
          "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 99999999999999999999)}"}) {
      CAPTURE(text);
      const auto head = npy(text);
      const auto header = decode_vector_header(kNpy, head, head.size() + 24);
      REQUIRE_FALSE(header);
      CHECK(header.error().code == Code::kBadInput);
      CHECK(header.error().at <= head.size());
    }
  }

  TEST_CASE("doubles and Fortran order are told, and take the length that they have") {
    const auto doubles = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}");
    const auto rows = decode_vector_header(kNpy, doubles, doubles.size() + 48);
    REQUIRE(rows);
    CHECK(rows->doubles);
    CHECK_FALSE(rows->columns);
    CHECK(rows->type == ElementType::kF32);
    CHECK(rows->row_at(1) == doubles.size() + 24);
    CHECK(decode_vector_header(kNpy, doubles, doubles.size() + 24).error().what.find("2 rows of 3 f64") !=
          std::string::npos);
    const auto columns = npy("{'descr': '<f2', 'fortran_order': True, 'shape': (2, 3)}");
    const auto turned = decode_vector_header(kNpy, columns, columns.size() + 12);
    REQUIRE(turned);
    CHECK(turned->columns);
    CHECK_FALSE(turned->doubles);
    CHECK(turned->rows == 2);
    CHECK(turned->dim == 3);
  }

  TEST_CASE("of a stream the header alone is checked, in forms that count their rows") {
    CHECK(decode_stream_header(kFbin, words({10, 4}))->row_at(10) == 8 + 160);
    CHECK_FALSE(decode_stream_header(kFbin, words({10})));
    CHECK_FALSE(decode_stream_header(kFbin, words({10, 0})));
    CHECK_FALSE(decode_stream_header(kFvecs, words({2, 0, 0})));
    CHECK(decode_stream_header(kNpy, npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}"))->doubles);
    for (const char* text : {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"}) {
      const auto refused = decode_stream_header(kNpy, npy(text));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kBadInput);
    }
  }

  TEST_CASE("rows times dimension beyond 64 bits are refused, not wrapped") {
    const auto head = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}");
    const auto header = decode_vector_header(kNpy, head, head.size());
    REQUIRE_FALSE(header);
    CHECK(header.error().what.find("more than 2^64") != std::string::npos);
  }
}

}  // namespace nearline::format
