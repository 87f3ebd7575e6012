// SPDX-License-Identifier: Apache-2.0
/// What an index is: the choices that are written into its file.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/export.h"
#include "nearline/transform.h"
#include "nearline/types.h"

namespace nearline {

inline constexpr std::size_t kMaxFields = 1024;  ///< of an index, the first one included
inline constexpr std::size_t kMaxFieldNameBytes = 63;

/// One more vector space of an index's records, with a graph of its own.
struct FieldSchema {
  std::string name{};                    ///< 1 to kMaxFieldNameBytes bytes of UTF-8, unique in its index
  std::uint32_t dim = 0;                 ///< as Schema::dim
  ElementType type = ElementType::kF32;  ///< as Schema::type
  Metric metric = Metric::kL2;
  /// Whether it has a graph. A field that is stored only takes no time to build, has its vectors in the order of ids,
  /// and is compared with as a whole where it is searched.
  bool indexed = true;
  Transform transform{};        ///< as Schema::transform
  Transform query_transform{};  ///< as Schema::query_transform
};

/// The vectors of an index, and what its records say besides. A record has a vector in the first field, and may have
/// one in each of the others.
struct Schema {
  std::uint32_t dim = 0;                 ///< components per stored vector, 1..kMaxDim; for b1, bits
  ElementType type = ElementType::kF32;  ///< as stored
  Metric metric = Metric::kL2;
  std::vector<Attribute> attributes{};
  /// What is done to vectors that come in; with it `dim` is transform.out_dim(), and `type` a float type.
  Transform transform{};
  /// What is done to queries in place of that, where they come from another encoder.
  Transform query_transform{};
  std::string name = "vector";        ///< of the first field, which all above but the attributes are of
  bool indexed = true;                ///< likewise
  std::vector<FieldSchema> fields{};  ///< further ones

  /// Components of the vectors that builds and inserts take.
  [[nodiscard]] std::uint32_t input_dim() const noexcept { return transform.empty() ? dim : transform.in_dim; }
  /// Components of the vectors that searches take.
  [[nodiscard]] std::uint32_t query_dim() const noexcept {
    return query_transform.empty() ? input_dim() : query_transform.in_dim;
  }
};

/// Where the parts of a record live on disk. Values are written to files and never change.
enum class Layout : std::uint8_t {
  kAuto = 0,   ///< nearline chooses (`BuildOptions::layout`). Never in a file
  kLean = 1,   ///< pages hold vectors and neighbour lists
  kFused = 2,  ///< pages also hold the codes of their neighbours
};

/// "lean", as on the command line, in JSON output and in error messages.
[[nodiscard]] NEARLINE_API std::string_view name(Layout layout) noexcept;
[[nodiscard]] NEARLINE_API std::optional<Layout> layout_from(std::string_view word) noexcept;
NEARLINE_API std::ostream& operator<<(std::ostream& out, Layout layout);

}  // namespace nearline
