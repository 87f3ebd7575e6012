// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/index_file.h"
#include "nearline/index.h"
#include "nearline/vector_file.h"

namespace nearline::experiments {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

/// Any element type as floats, by way of an .fbin file's conversion rules: only f16, u8 and f32 occur here.
void to_floats(const std::byte* from, ElementType type, std::uint32_t dim, float* to) {
  for (std::uint32_t i = 0; i < dim; ++i) {
    if (type == ElementType::kU8) {
      to[i] = static_cast<float>(reinterpret_cast<const std::uint8_t*>(from)[i]);
    } else if (type == ElementType::kF16) {
      _Float16 half;
      std::memcpy(&half, from + 2 * i, 2);
      to[i] = static_cast<float>(half);
    } else {
      std::memcpy(to + i, from + 4 * i, 4);
    }
  }
}

std::vector<float> reaches(const World& world, std::uint32_t k) {
  const Vector norms = world.vectors.rowwise().squaredNorm();
  std::vector<float> reach;
  constexpr Eigen::Index kAtOnce = 64;
  for (Eigen::Index q = 0; q < world.queries.rows(); q += kAtOnce) {
    const Eigen::Index rows = std::min(kAtOnce, world.queries.rows() - q);
    const Matrix products = world.queries.middleRows(q, rows) * world.vectors.transpose();
    for (Eigen::Index i = 0; i < rows; ++i) {
      std::vector<float> gaps(world.count());
      for (std::uint32_t o = 0; o < world.count(); ++o) gaps[o] = norms[o] - 2 * products(i, o);
      std::nth_element(gaps.begin(), gaps.begin() + k - 1, gaps.end());
      reach.push_back(gaps[k - 1] + world.queries.row(q + i).squaredNorm());
    }
  }
  return reach;
}

}  // namespace

World load_world(const std::filesystem::path& index, const std::filesystem::path& queries, std::uint32_t query_count,
                 std::uint32_t k) {
  World world;
  const auto file = must(engine::IndexFile::open(io::real_file_system(), index));
  const engine::SegmentFile segment = file->segments().front();
  const format::PageShape shape = segment.shape();
  const format::Section& pages = *segment.section(format::SectionKind::kGraphPages);
  const auto count = static_cast<std::uint32_t>(segment.segment().count);
  std::vector<std::byte> bytes(pages.length);
  if (!io::read_exact(file->file(), pages.offset, bytes)) std::exit(3);

  world.slots = shape.slots;
  world.vectors.resize(count, shape.dim);
  world.ids.resize(count);
  world.first.assign(1, 0);
  std::vector<std::uint32_t> list(shape.degree);
  for (std::uint32_t o = 0; o < count; ++o) {
    const auto ordinal = static_cast<format::Ordinal>(o);
    const std::byte* record =
        bytes.data() + std::size_t{shape.page_of(ordinal)} * shape.page_bytes + shape.place_of(ordinal);
    to_floats(record, shape.type, shape.dim, world.vectors.row(o).data());
    world.ids[o] = static_cast<std::uint32_t>(format::stored_id(shape, record));
    const std::uint32_t degree = format::unpack_neighbors(shape, record, list.data());
    world.edges.insert(world.edges.end(), list.begin(), list.begin() + degree);
    world.first.push_back(static_cast<std::uint32_t>(world.edges.size()));
  }

  const VectorFile input = must(VectorFile::open(queries));
  const auto raw = must(input.read_all());
  const auto rows = std::min<Eigen::Index>(query_count, static_cast<Eigen::Index>(input.rows()));
  world.queries.resize(rows, input.dim());
  const std::size_t row_bytes = raw.size() / input.rows();
  for (Eigen::Index q = 0; q < rows; ++q)
    to_floats(raw.data() + static_cast<std::size_t>(q) * row_bytes, input.type(), input.dim(),
              world.queries.row(q).data());
  if (shape.has_scale) {
    world.vectors.rowwise().normalize();
    world.queries.rowwise().normalize();
  }
  world.reach = reaches(world, k);
  return world;
}

}  // namespace nearline::experiments
