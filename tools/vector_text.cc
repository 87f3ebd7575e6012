// SPDX-License-Identifier: Apache-2.0
#include "tools/vector_text.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <iterator>
#include <vector>

namespace nearline::tools {
namespace {

template <class Number>
Number number_at(const std::byte* vector, std::uint32_t i) noexcept {
  Number number;
  std::memcpy(&number, vector + i * sizeof number, sizeof number);
  return number;
}

float half_value(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                   : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;  // indexes hold finite numbers only
}

bool is_whole(ElementType type) noexcept {
  return type == ElementType::kI8 || type == ElementType::kU8;
}

std::int64_t whole_at(ElementType type, const std::byte* vector, std::uint32_t i) noexcept {
  return type == ElementType::kI8 ? number_at<std::int8_t>(vector, i) : number_at<std::uint8_t>(vector, i);
}

float float_at(ElementType type, const std::byte* vector, std::uint32_t i) noexcept {
  if (type == ElementType::kF32) return number_at<float>(vector, i);
  const auto bits = number_at<std::uint16_t>(vector, i);
  return type == ElementType::kF16 ? half_value(bits) : std::bit_cast<float>(std::uint32_t{bits} << 16);
}

std::string bits_text(const std::byte* vector, std::uint32_t dim) {
  std::string text;
  for (std::uint32_t i = 0; i < (dim + 7) / 8; ++i) {
    fmt::format_to(std::back_inserter(text), "{:02x}", std::to_integer<unsigned>(vector[i]));
  }
  return text;
}

}  // namespace

std::string vector_text(ElementType type, const std::byte* vector, std::uint32_t dim) {
  if (type == ElementType::kB1) return bits_text(vector, dim);
  std::string text;
  for (std::uint32_t i = 0; i < dim; ++i) {
    if (i > 0) text += ' ';
    if (is_whole(type)) {
      fmt::format_to(std::back_inserter(text), "{}", whole_at(type, vector, i));
    } else {
      fmt::format_to(std::back_inserter(text), "{:.9g}", float_at(type, vector, i));
    }
  }
  return text;
}

void put_vector(const char* key, ElementType type, const std::byte* vector, std::uint32_t dim, JsonLine& line) {
  if (type == ElementType::kB1) {
    line.put(key, bits_text(vector, dim));
  } else if (is_whole(type)) {
    std::vector<std::int64_t> values(dim);
    for (std::uint32_t i = 0; i < dim; ++i) values[i] = whole_at(type, vector, i);
    line.put(key, std::span<const std::int64_t>(values));
  } else {
    std::vector<float> values(dim);
    for (std::uint32_t i = 0; i < dim; ++i) values[i] = float_at(type, vector, i);
    line.put(key, std::span<const float>(values));
  }
}

}  // namespace nearline::tools
