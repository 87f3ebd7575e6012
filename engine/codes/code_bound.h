// SPDX-License-Identifier: Apache-2.0
/// How near the vector behind a code can be to one query at the least. An estimate says where it probably is; this is
/// what a search goes by that must not miss it. What a code tells for certain, and why a bound holds whatever is
/// rounded on the way, stands in code_bound.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Bounds on the distances of one query. Threads: one that prepares; then any number.
class CodeBound {
 public:
  /// Whether the codes of such a book bound distances: under ip nothing in memory tells how long a vector is, and
  /// scales of one value tell nothing.
  [[nodiscard]] static bool serves(const format::CodeBook& book, Metric metric) noexcept;

  /// What prepare takes.
  [[nodiscard]] static std::uint64_t memory_bytes(std::uint32_t dim, std::uint32_t parts) noexcept;

  /// vector: [dim] f32, of unit length under cosine. Allocates only when it grows. Precondition: serves.
  void prepare(const format::CodeBook& book, Metric metric, const float* vector);

  struct Bound {
    double least;  ///< Space::distances gives no less for the vector; no number where a code says nothing
    float likely;  ///< grows with its estimate
  };
  [[nodiscard]] Bound of(const std::byte* code) const noexcept;

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return sums_.capacity() * sizeof(Sums) + (centered_.capacity() + turned_.capacity()) * sizeof(double);
  }

 private:
  /// Of one centroid: its product with the query's part, and its squared length.
  struct Sums {
    float product;
    float squares;
  };
  struct Interval {
    double low;
    double high;
  };

  [[nodiscard]] Interval squares_of(std::uint16_t offset) const noexcept;
  [[nodiscard]] double between(Interval squares, Interval factor, double product, double centroid) const noexcept;
  [[nodiscard]] double distance(double squared) const noexcept;

  std::vector<Sums> sums_;  ///< [parts x 256]
  std::vector<double> centered_;
  std::vector<double> turned_;
  std::size_t parts_ = 0;
  bool unit_length_ = false;    ///< cosine
  double length_ = 0;           ///< of the query, from the mean
  double mean_ = 0;             ///< the mean's length
  double rounded_ = 0;          ///< relative error of a sum of squares or products in f32
  double product_rounded_ = 0;  ///< error of a product with a code, per unit of both lengths
  format::Scale16 offset_;
  format::Scale16 factor_;
};

}  // namespace nearline::engine
