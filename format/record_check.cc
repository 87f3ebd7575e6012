// SPDX-License-Identifier: Apache-2.0
#include "format/record_check.h"

#include <cmath>
#include <string>

#include "format/corrupt.h"

namespace nearline::format {
namespace {

/// Whether `components` hold an exponent of all ones, which is infinity or NaN.
template <class T>
bool has_exponent(std::span<const std::byte> components, std::uint64_t mask) noexcept {
  for (std::size_t i = 0; i < components.size(); i += sizeof(T)) {
    T bits;
    std::memcpy(&bits, components.data() + i, sizeof bits);
    if ((bits & mask) == mask) return true;
  }
  return false;
}

Result<void> check_vector(const PageShape& shape, std::span<const std::byte> vector, std::uint64_t at) {
  bool finite = true;
  switch (shape.type) {
    case ElementType::kF32: finite = !has_exponent<le32>(vector, 0x7F80'0000); break;
    case ElementType::kF16: finite = !has_exponent<le16>(vector, 0x7C00); break;
    case ElementType::kBF16: finite = !has_exponent<le16>(vector, 0x7F80); break;
    case ElementType::kI8:
    case ElementType::kU8: break;
    case ElementType::kB1:
      if (shape.dim % 8 != 0 && (std::to_integer<unsigned>(vector.back()) >> (shape.dim % 8)) != 0) {
        return corrupt(at, "a binary vector has bits set beyond its dimension of " + std::to_string(shape.dim));
      }
  }
  if (!finite) return corrupt(at, "a stored vector holds infinity or NaN: expected finite components");
  return {};
}

}  // namespace

Result<void> check_record_head(const PageShape& shape, std::span<const std::byte> record, std::uint32_t self,
                               std::uint64_t at) {
  NEARLINE_CHECK(check_vector(shape, record.first(shape.vector_bytes), at));
  if (shape.has_scale) {
    const float scale = stored_scale(shape, record.data());
    if (!std::isfinite(scale) || std::signbit(scale)) {
      return corrupt(at + shape.scale_place(), "record " + std::to_string(self) + " has a scale of " +
                                                   std::to_string(scale) + ": expected a finite number, not negative");
    }
  }
  if (stored_id(shape, record.data()) == kNoId) {
    return corrupt(at + shape.id_place(), "record " + std::to_string(self) + " has the id that means none");
  }
  return {};
}

}  // namespace nearline::format
