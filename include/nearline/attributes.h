// SPDX-License-Identifier: Apache-2.0
/// What records say besides their vectors: typed attributes, which filters ask for, and a payload of bytes.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nearline/export.h"

namespace nearline {

/// The type of an attribute. Values are written to files and never change.
enum class AttributeType : std::uint8_t {
  kI64 = 1,
  kF64 = 2,  ///< finite
  kBool = 3,
  kString = 4,  ///< UTF-8, at most kMaxStringBytes
  kTags = 5,    ///< a set of strings, at most kMaxTags
  kPlace = 6,   ///< on earth; kept to 1e-7 degrees, 11 mm
};

inline constexpr std::size_t kMaxStringBytes = 65'535;
inline constexpr std::size_t kMaxTags = 4096;
inline constexpr std::size_t kMaxAttributes = 4096;
inline constexpr std::size_t kMaxAttributeNameBytes = 63;
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 24;

/// "i64": the word of schemas, of JSON output and of error messages.
[[nodiscard]] NEARLINE_API std::string_view name(AttributeType type) noexcept;
[[nodiscard]] NEARLINE_API std::optional<AttributeType> attribute_type_from(std::string_view word) noexcept;
NEARLINE_API std::ostream& operator<<(std::ostream& out, AttributeType type);

/// A column of an index.
struct Attribute {
  std::string name;  ///< 1 to kMaxAttributeNameBytes bytes of UTF-8, unique in its index; "id" is the record's id
  AttributeType type = AttributeType::kI64;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Tags = std::vector<std::string>;

/// A place on earth, in degrees.
struct Place {
  double lat = 0;                                                 ///< from -90 to 90, north is positive
  double lon = 0;                                                 ///< from -180 to 180, east is positive
  friend auto operator<=>(const Place&, const Place&) = default;  // NOLINT(modernize-use-nullptr): its own zero
};

/// One value: none, or of the attribute's type. Where an f64 is asked for an integer will do that it can hold exactly.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Tags, Place>;

/// What some records say: a row each, as their vectors come. Records that say nothing have none of it.
struct RecordData {
  std::vector<std::string> names{};     ///< of attributes, in any order; those that are not named have no value
  std::vector<Value> values{};          ///< [rows x names]
  std::vector<std::string> payloads{};  ///< [rows], any bytes; or none at all
};

}  // namespace nearline
