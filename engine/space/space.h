// SPDX-License-Identifier: Apache-2.0
/// A field's geometry: turns the kernels' raw comparisons into the metric's distances between a query and records.
#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/space/weighting.h"
#include "format/graph_page.h"
#include "nearline/types.h"

namespace nearline::engine {

/// A query in kernel form: f32 for float types, the stored type itself for the others. Its vector is borrowed.
struct Query {
  const void* vector = nullptr;  ///< under cosine multiplied by a power of two where it was short
  float scale = 0;               ///< cosine: 1/|vector|
};

/// Records are passed by pointer to their first byte, which is their vector's (graph_page.h).
class Space {
 public:
  Space(Metric metric, ElementType type, std::uint32_t dim) noexcept;

  /// Under ip: products are multiplied by the record's length, so that of two records with the same product the longer
  /// is nearer. For linking.
  [[nodiscard]] Space toward_long() const noexcept {
    assert(metric_ == Metric::kIp);
    Space space = *this;
    space.weight_ = Weight::kLength;
    return space;
  }
  /// Under ip: as if records had one length. The order among records is that of the angles. For linking.
  [[nodiscard]] Space by_angle() const noexcept {
    assert(metric_ == Metric::kIp);
    Space space = *this;
    space.weight_ = Weight::kInverseLength;
    return space;
  }

  /// With dimensions that count as the weighting, which is borrowed, says. Answers queries; scales of records are not
  /// asked for.
  [[nodiscard]] Space by(const Weighting& weighting) const noexcept {
    Space space = *this;
    if (weighting.all()) return space;
    space.weighting_ = &weighting;
    space.used_ = weighting.dims();
    return space;
  }

  [[nodiscard]] Metric metric() const noexcept { return metric_; }
  [[nodiscard]] ElementType type() const noexcept { return type_; }
  [[nodiscard]] std::uint32_t dim() const noexcept { return dim_; }
  /// Whether records carry a scale: ip and cosine.
  [[nodiscard]] bool has_scale() const noexcept { return has_scale(metric_); }
  [[nodiscard]] static bool has_scale(Metric metric) noexcept {
    return metric == Metric::kIp || metric == Metric::kCosine;
  }

  /// Bytes of a query in kernel form, which under weights is f32 multiplied by their roots.
  [[nodiscard]] std::size_t query_bytes() const noexcept;

  /// Brings a vector of `type` into kernel form at `out` [query_bytes()]. type: the stored one, or any float type when
  /// the stored one is.  Precondition: finite, and `unfit` finds no fault under cosine.
  [[nodiscard]] Query query(const std::byte* vector, ElementType type, std::byte* out) const noexcept;

  /// A record as the query, for linking.
  [[nodiscard]] Query query_of(const std::byte* record, std::byte* out) const noexcept {
    return query(record, type_, out);
  }

  /// The scale to store with a vector: 1/|x| under cosine, |x|^2 under ip.
  [[nodiscard]] float scale_of(const std::byte* vector) const noexcept;

  /// out[i]: distance from the query to records[i].
  void distances(const Query& query, std::span<const std::byte* const> records, float* out) const noexcept;

 private:
  void finish(const Query& query, std::span<const std::byte* const> records, float* out) const noexcept;
  [[nodiscard]] bool has_roots() const noexcept { return weighting_ != nullptr && !weighting_->roots().empty(); }
  [[nodiscard]] bool has_bits() const noexcept { return weighting_ != nullptr && !weighting_->bits().empty(); }
  [[nodiscard]] float weighted_distance(const Query& query, const std::byte* record) const noexcept;
  [[nodiscard]] float distance_of_bits(const Query& query, const std::byte* record) const noexcept;

  Metric metric_;
  ElementType type_;
  std::uint32_t dim_;
  std::uint32_t used_;  ///< the first so many are compared
  std::uint32_t vector_bytes_;
  kernels::Kernel kernel_;
  enum class Weight : std::uint8_t { kOne, kLength, kInverseLength } weight_ = Weight::kOne;  ///< of ip's products
  const Weighting* weighting_ = nullptr;  ///< null where each dimension counts once
};

}  // namespace nearline::engine
