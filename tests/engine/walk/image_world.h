// SPDX-License-Identifier: Apache-2.0
/// Vectors as a build holds them while it links: an image of records in the order of their rows, ids being rows.
/// Linking may move records: row_of tells where they came from.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "engine/link/record_image.h"
#include "engine/make/plan.h"
#include "engine/space/space.h"
#include "tests/support/vectors.h"

namespace nearline::engine {

class ImageWorld {
 public:
  ImageWorld(testing::Vectors rows, ElementType type, Metric metric, const BuildOptions& options = {})
      : vectors(std::move(rows)),
        space(metric, type, vectors.dim),
        plan(plan_build(vectors.rows(), {vectors.dim, type, metric}, options, 4).value()),
        image(RecordImage::create(plan.image_shape, vectors.rows()).value()) {
    for (std::uint32_t i = 0; i < vectors.rows(); ++i) {
      std::byte* record = image.record(i);
      if (vectors.type == type) {
        std::memcpy(record, vectors.view().row(i), vector_bytes(type, vectors.dim));
      } else {
        kernels::from_f32(type, vectors.row(i).data(), vectors.dim, record);
      }
      format::store_id(plan.image_shape, i, record);
      if (space.has_scale()) format::store_scale(plan.image_shape, space.scale_of(record), record);
    }
    if (metric == Metric::kIp) space = Space(Metric::kL2, type, vectors.dim);
  }

  void set_list(std::uint32_t record, const std::vector<std::uint32_t>& neighbors) {
    format::store_neighbors(image.shape(), neighbors, image.record(record));
  }
  [[nodiscard]] std::vector<std::uint32_t> list(std::uint32_t record) const {
    std::vector<std::uint32_t> neighbors(image.shape().degree);
    neighbors.resize(format::unpack_neighbors(image.shape(), image.record(record), neighbors.data()));
    return neighbors;
  }

  [[nodiscard]] std::uint32_t row_of(std::uint32_t record) const {
    return static_cast<std::uint32_t>(format::stored_id(image.shape(), image.record(record)));
  }

  /// How a record sees another one, as linking measures it.
  [[nodiscard]] float distance(std::uint32_t from, std::uint32_t to) const {
    std::vector<std::byte> query(space.query_bytes());
    const std::byte* record = image.record(to);
    float out = 0;
    space.distances(space.query_of(image.record(from), query.data()), {&record, 1}, &out);
    return out;
  }

  /// How many records the entries lead to, themselves included.
  [[nodiscard]] std::size_t reachable(const std::vector<std::uint32_t>& entries) const {
    std::vector<bool> reached(vectors.rows());
    std::vector<std::uint32_t> pending;
    const auto reach = [&](std::uint32_t record) {
      if (!reached[record]) pending.push_back(record);
      reached[record] = true;
    };
    for (const std::uint32_t entry : entries) reach(entry);
    std::size_t count = 0;
    for (; !pending.empty(); ++count) {
      const auto neighbors = list(pending.back());
      pending.pop_back();
      for (const std::uint32_t neighbor : neighbors) reach(neighbor);
    }
    return count;
  }

  testing::Vectors vectors;
  Space space;  ///< for linking
  BuildPlan plan;
  RecordImage image;
};

}  // namespace nearline::engine
