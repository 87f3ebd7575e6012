// SPDX-License-Identifier: Apache-2.0
#include "format/fields.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace nearline::format {
namespace {

std::string text_of(FieldForm form, std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return value_text({"x", 0, static_cast<std::uint32_t>(bytes.size()), form}, bytes);
}

}  // namespace

TEST_SUITE("format/fields") {
  TEST_CASE("the fields of each struct cover it without gap or overlap, under different names") {
    CHECK(all_structs().size() == 21);
    for (const StructInfo* info : all_structs()) {
      CAPTURE(info->name);
      std::uint32_t end = 0;
      std::set<std::string_view> names;
      for (const FieldInfo& field : info->fields) {
        CAPTURE(field.name);
        CHECK(field.offset == end);
        CHECK(names.insert(field.name).second);
        end = field.offset + field.bytes;
      }
      CHECK(end == info->bytes);
    }
  }

  TEST_CASE("values read as their form says") {
    CHECK(text_of(FieldForm::kBytes, {0x00, 0x8A, 0xFF}) == "008aff");
    CHECK(text_of(FieldForm::kNumber, {0x02, 0x01}) == "258");
    CHECK(text_of(FieldForm::kNumber, {255, 255, 255, 255, 255, 255, 255, 255}) == "18446744073709551615");
    CHECK(text_of(FieldForm::kFloat, {0x9A, 0x99, 0x99, 0x3F}) == "1.20000005");
    CHECK(text_of(FieldForm::kZero, {0, 0}) == "zero");
    CHECK(text_of(FieldForm::kZero, {0, 1}) == "not zero");
    CHECK(text_of(FieldForm::kElementType, {5}) == "5 (u8)");
    CHECK(text_of(FieldForm::kMetric, {9}) == "9 (unknown)");
    CHECK(text_of(FieldForm::kLayout, {1}) == "1 (lean)");
    CHECK(text_of(FieldForm::kAttributeType, {5}) == "5 (tags)");
    CHECK(text_of(FieldForm::kAttributeType, {7}) == "7 (unknown)");
    CHECK(text_of(FieldForm::kSectionKind, {3, 0}) == "3 (keys)");
  }

  TEST_CASE("text cannot write to a terminal") {
    CHECK(text_of(FieldForm::kText, {'a', ' ', '"', '\\', 0x1B, 0xC3, 0, 0}) == "\"a \\x22\\x5c\\x1b\\xc3\"");
    CHECK(text_of(FieldForm::kText, {0, 0}) == "\"\"");
    CHECK(text_of(FieldForm::kText, {0, 'b'}) == "\"\\x00b\"");
  }

  TEST_CASE("floats are named exactly") {
    CHECK(float_text(-118.625F) == "-118.625");
    CHECK(float_text(0.1F) == "0.100000001");
    CHECK(float_text(INFINITY) == "inf");
    CHECK(float_text(-NAN) == "nan");
  }

  TEST_CASE("type words tell sizes") {
    CHECK(type_word({"x", 0, 1, FieldForm::kMetric}) == "u8");
    CHECK(type_word({"x", 0, 2, FieldForm::kSectionKind}) == "u16");
    CHECK(type_word({"x", 0, 4, FieldForm::kNumber}) == "u32");
    CHECK(type_word({"x", 0, 8, FieldForm::kNumber}) == "u64");
    CHECK(type_word({"x", 0, 4, FieldForm::kFloat}) == "f32");
    CHECK(type_word({"x", 0, 64, FieldForm::kText}) == "text");
    CHECK(type_word({"x", 0, 3, FieldForm::kZero}) == "zero");
  }
}

}  // namespace nearline::format
