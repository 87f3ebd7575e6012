// SPDX-License-Identifier: Apache-2.0
/// Values of pinned fields in words. tests/spec_reader.py prints the same from SPEC.md alone.
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "format/corrupt.h"
#include "format/fields.h"
#include "format/manifest.h"

namespace nearline::format {
namespace {

std::uint64_t number_in(std::span<const std::byte> bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

std::string_view word_of(FieldForm form, std::uint64_t value) noexcept {
  constexpr std::string_view kAttributeTypes[] = {"unknown", "i64", "f64", "bool", "string", "tags", "place"};
  switch (form) {
    case FieldForm::kElementType: return name(static_cast<ElementType>(value));
    case FieldForm::kMetric: return name(static_cast<Metric>(value));
    case FieldForm::kLayout: return name(static_cast<Layout>(value));
    case FieldForm::kSectionKind: return name(static_cast<SectionKind>(value));
    default: return kAttributeTypes[value < std::size(kAttributeTypes) ? value : 0];
  }
}

std::span<const std::byte> without_zeros(std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

}  // namespace

std::string hexadecimal(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::string quoted(std::span<const std::byte> text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = static_cast<char>(text[i]);
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x" + hexadecimal(text.subspan(i, 1));
    }
  }
  return out + "\"";
}

std::string float_text(float value) {
  if (std::isnan(value)) return "nan";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return text;
}

std::string_view type_word(const FieldInfo& field) noexcept {
  switch (field.form) {
    case FieldForm::kBytes: return "bytes";
    case FieldForm::kFloat: return "f32";
    case FieldForm::kText: return "text";
    case FieldForm::kZero: return "zero";
    default: break;
  }
  switch (field.bytes) {
    case 1: return "u8";
    case 2: return "u16";
    case 4: return "u32";
    default: return "u64";
  }
}

std::string value_text(const FieldInfo& field, std::span<const std::byte> bytes) {
  switch (field.form) {
    case FieldForm::kBytes: return hexadecimal(bytes);
    case FieldForm::kNumber: return std::to_string(number_in(bytes));
    case FieldForm::kFloat: return float_text(std::bit_cast<float>(static_cast<std::uint32_t>(number_in(bytes))));
    case FieldForm::kText: return quoted(without_zeros(bytes));
    case FieldForm::kZero: return all_zero(bytes) ? "zero" : "not zero";
    default: break;
  }
  const std::uint64_t value = number_in(bytes);
  return std::to_string(value) + " (" + std::string(word_of(field.form, value)) + ")";
}

void for_each_field(const StructInfo& info, std::span<const std::byte> bytes,
                    const std::function<void(const FieldInfo&, const std::string&)>& sink) {
  assert(bytes.size() == info.bytes);
  for (const FieldInfo& field : info.fields) {
    sink(field, value_text(field, bytes.subspan(field.offset, field.bytes)));
  }
}

}  // namespace nearline::format
