// SPDX-License-Identifier: Apache-2.0
#include "codes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

namespace nearline::experiments {
namespace {

constexpr Eigen::Index kSample = 65'536;
constexpr int kMostBits = 8;

Matrix sample_of(const Matrix& all) {
  const Eigen::Index rows = std::min(kSample, all.rows());
  Matrix sample(rows, all.cols());
  for (Eigen::Index i = 0; i < rows; ++i) sample.row(i) = all.row(i * all.rows() / rows);
  return sample;
}

/// Columns are the axes, the one of most variance first.
Matrix principal_axes(const Matrix& centered, Vector& variance) {
  const Eigen::MatrixXf covariance = centered.transpose() * centered / static_cast<float>(centered.rows());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(covariance);
  variance = solver.eigenvalues().reverse().cwiseMax(0.0F);
  return solver.eigenvectors().rowwise().reverse();
}

Matrix random_rotation(Eigen::Index dim) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  Eigen::MatrixXf random(dim, dim);
  for (Eigen::Index i = 0; i < dim; ++i)
    for (Eigen::Index j = 0; j < dim; ++j) random(i, j) = normal(generator);
  return Eigen::HouseholderQR<Eigen::MatrixXf>(random).householderQ() * Eigen::MatrixXf::Identity(dim, dim);
}

/// The next bit goes to the axis of largest remaining variance, which then counts a quarter.
std::vector<int> water_fill(Vector variance, int bits) {
  std::vector<int> given(static_cast<std::size_t>(variance.size()), 0);
  for (; bits > 0; --bits) {
    Eigen::Index axis;
    if (variance.maxCoeff(&axis) <= 0) break;
    variance[axis] = ++given[static_cast<std::size_t>(axis)] == kMostBits ? 0 : variance[axis] / 4;
  }
  return given;
}

/// Levels that lose least of a sorted sample in squares (Lloyd 1957, Max 1960).
std::vector<float> levels_of(std::vector<float> values, int bits) {
  std::sort(values.begin(), values.end());
  const std::size_t count = std::size_t{1} << bits;
  std::vector<double> sums(values.size() + 1, 0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + double{values[i]};
  std::vector<float> levels(count);
  for (std::size_t i = 0; i < count; ++i) levels[i] = values[(2 * i + 1) * values.size() / (2 * count)];
  for (int round = 0; round < 60; ++round) {
    std::size_t from = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t to =
          i + 1 == count
              ? values.size()
              : static_cast<std::size_t>(
                    std::upper_bound(values.begin(), values.end(), (levels[i] + levels[i + 1]) / 2) - values.begin());
      if (to > from) levels[i] = static_cast<float>((sums[to] - sums[from]) / static_cast<double>(to - from));
      from = std::max(from, to);
    }
  }
  return levels;
}

float nearest_level(const std::vector<float>& levels, float value) {
  const auto above = std::lower_bound(levels.begin(), levels.end(), value);
  if (above == levels.begin()) return *above;
  if (above == levels.end()) return levels.back();
  return value - *(above - 1) < *above - value ? *(above - 1) : *above;
}

/// Exact norm, and the factor that makes the inner product with the vector itself exact.
void scale_without_bias(Codes& codes, const Matrix& rotated) {
  codes.offset = rotated.rowwise().squaredNorm();
  const Vector agree = (rotated.array() * codes.decoded.array()).rowwise().sum();
  codes.factor = (agree.array() > 0).select(codes.offset.array() / agree.array().max(1e-30F), 1.0F);
}

Codes encode_axes(const World& world, int bytes) {
  Codes codes;
  const Matrix sample = sample_of(world.vectors);
  codes.mean = sample.colwise().mean();
  Vector variance;
  codes.rotation = principal_axes(sample.rowwise() - codes.mean.transpose(), variance);
  const std::vector<int> bits = water_fill(variance, 8 * (bytes - 4));
  const Matrix rotated = (world.vectors.rowwise() - codes.mean.transpose()) * codes.rotation;
  const Matrix rotated_sample = (sample.rowwise() - codes.mean.transpose()) * codes.rotation;
  codes.decoded = Matrix::Zero(rotated.rows(), rotated.cols());
  for (Eigen::Index axis = 0; axis < rotated.cols(); ++axis) {
    const int given = bits[static_cast<std::size_t>(axis)];
    if (given == 0) continue;
    const Vector column = rotated_sample.col(axis);
    const std::vector<float> levels = levels_of({column.begin(), column.end()}, given);
    for (Eigen::Index o = 0; o < rotated.rows(); ++o) codes.decoded(o, axis) = nearest_level(levels, rotated(o, axis));
  }
  scale_without_bias(codes, rotated);
  codes.bytes = bytes;
  return codes;
}

/// The point of the lattice (k + 1/2) * step, 2^bits values an axis, that makes the smallest angle with the vector.
void snap(const float* from, Eigen::Index dim, int bits, float* to) {
  const int half = 1 << (bits - 1);
  const float largest = Eigen::Map<const Vector>(from, dim).cwiseAbs().maxCoeff();
  double best = -1;
  Vector trial(dim);
  for (int i = 0; i < (bits == 1 ? 1 : 24); ++i) {
    const float step = largest / static_cast<float>(half) * (bits == 1 ? 1.0F : 0.30F + 0.04F * static_cast<float>(i));
    for (Eigen::Index j = 0; j < dim; ++j) {
      const float cell =
          std::clamp(std::floor(from[j] / step), static_cast<float>(-half), static_cast<float>(half - 1));
      trial[j] = cell + 0.5F;
    }
    const double cosine = double{trial.dot(Eigen::Map<const Vector>(from, dim))} / double{trial.norm()};
    if (cosine > best) {
      best = cosine;
      Eigen::Map<Vector>(to, dim) = trial;
    }
  }
}

Codes encode_rotated(const World& world, int bits) {
  Codes codes;
  codes.mean = sample_of(world.vectors).colwise().mean();
  codes.rotation = random_rotation(world.vectors.cols());
  const Matrix rotated = (world.vectors.rowwise() - codes.mean.transpose()) * codes.rotation;
  codes.decoded.resize(rotated.rows(), rotated.cols());
  for (Eigen::Index o = 0; o < rotated.rows(); ++o)
    snap(rotated.row(o).data(), rotated.cols(), bits, codes.decoded.row(o).data());
  scale_without_bias(codes, rotated);
  codes.bytes = static_cast<double>(rotated.cols()) * bits / 8 + 8;
  return codes;
}

/// The nearest of `centroids` for each row.
std::vector<Eigen::Index> assign(const Matrix& rows, const Matrix& centroids) {
  const Matrix scores = (-2 * rows * centroids.transpose()).rowwise() + centroids.rowwise().squaredNorm().transpose();
  std::vector<Eigen::Index> nearest(static_cast<std::size_t>(rows.rows()));
  for (Eigen::Index i = 0; i < rows.rows(); ++i) scores.row(i).minCoeff(&nearest[static_cast<std::size_t>(i)]);
  return nearest;
}

Matrix cluster(const Matrix& points) {
  constexpr Eigen::Index kCentroids = 256;
  const Eigen::Index width = points.cols();
  Matrix centroids(kCentroids, width);
  for (Eigen::Index c = 0; c < kCentroids; ++c)
    centroids.row(c) = points.row((c * 2 + 1) * points.rows() / (2 * kCentroids));
  for (int round = 0; round < 12; ++round) {
    const auto nearest = assign(points, centroids);
    Matrix sums = Matrix::Zero(kCentroids, width);
    Vector sizes = Vector::Zero(kCentroids);
    for (Eigen::Index i = 0; i < points.rows(); ++i) {
      sums.row(nearest[static_cast<std::size_t>(i)]) += points.row(i);
      sizes[nearest[static_cast<std::size_t>(i)]] += 1;
    }
    for (Eigen::Index c = 0; c < kCentroids; ++c)
      if (sizes[c] > 0) centroids.row(c) = sums.row(c) / sizes[c];
  }
  return centroids;
}

/// Replaces components [at, at + width) of all vectors by those of the nearest of 256 centroids.
void quantize_part(const Matrix& sample, const Matrix& all, Eigen::Index at, Eigen::Index width, Matrix& decoded) {
  const Matrix centroids = cluster(sample.middleCols(at, width));
  for (Eigen::Index first = 0; first < all.rows(); first += kSample) {
    const Eigen::Index rows = std::min(kSample, all.rows() - first);
    const auto nearest = assign(all.block(first, at, rows, width), centroids);
    for (Eigen::Index i = 0; i < rows; ++i)
      decoded.block(first + i, at, 1, width) = centroids.row(nearest[static_cast<std::size_t>(i)]);
  }
}

/// How many axes, in order, share each byte: those whose water-filled bits come to eight. The rest get none.
std::vector<Eigen::Index> share_bytes(const Vector& variance, int bytes) {
  double low = 0, high = double{variance[0]};
  const auto bits = [&](double level, Eigen::Index j) {
    return std::max(0.0, 0.5 * std::log2(std::max(1e-30, double{variance[j]}) / level));
  };
  for (int round = 0; round < 100; ++round) {
    const double level = (low + high) / 2;
    double sum = 0;
    for (Eigen::Index j = 0; j < variance.size(); ++j) sum += bits(level, j);
    (sum > 8.0 * bytes ? low : high) = level;
  }
  std::vector<Eigen::Index> widths;
  double left = 8.0 * bytes;
  Eigen::Index axis = 0;
  for (int byte = 0; byte < bytes && axis < variance.size(); ++byte) {
    const double target = left / (bytes - byte);
    double sum = 0;
    Eigen::Index width = 0;
    while (axis < variance.size() && bits(high, axis) > 0 && (width == 0 || sum + bits(high, axis) / 2 <= target)) {
      sum += bits(high, axis++);
      ++width;
    }
    if (width == 0) break;
    widths.push_back(width);
    left -= sum;
  }
  return widths;
}

Codes encode_axis_products(const World& world, int bytes) {
  Codes codes;
  const Matrix sample = sample_of(world.vectors);
  codes.mean = sample.colwise().mean();
  Vector variance;
  codes.rotation = principal_axes(sample.rowwise() - codes.mean.transpose(), variance);
  const Matrix rotated = (world.vectors.rowwise() - codes.mean.transpose()) * codes.rotation;
  const Matrix rotated_sample = (sample.rowwise() - codes.mean.transpose()) * codes.rotation;
  codes.decoded = Matrix::Zero(rotated.rows(), rotated.cols());
  Eigen::Index at = 0;
  for (const Eigen::Index width : share_bytes(variance, bytes - 4)) {
    quantize_part(rotated_sample, rotated, at, width, codes.decoded);
    at += width;
  }
  scale_without_bias(codes, rotated);
  codes.bytes = bytes;
  return codes;
}

Codes encode_products(const World& world, int parts) {
  Codes codes;
  const Eigen::Index dim = world.vectors.cols();
  codes.mean = Vector::Zero(dim);
  codes.rotation = Matrix::Identity(dim, dim);
  codes.decoded.resize(world.vectors.rows(), dim);
  const Matrix sample = sample_of(world.vectors);
  const Eigen::Index width = dim / parts;
  for (Eigen::Index at = 0; at < dim; at += width) quantize_part(sample, world.vectors, at, width, codes.decoded);
  codes.offset = codes.decoded.rowwise().squaredNorm();
  codes.factor = Vector::Ones(world.vectors.rows());
  codes.bytes = parts;
  return codes;
}

Codes keep_exact(const World& world) {
  Codes codes;
  const Eigen::Index dim = world.vectors.cols();
  codes.mean = Vector::Zero(dim);
  codes.rotation = Matrix::Identity(dim, dim);
  codes.decoded = world.vectors;
  codes.offset = world.vectors.rowwise().squaredNorm();
  codes.factor = Vector::Ones(world.vectors.rows());
  return codes;
}

}  // namespace

Codes encode(const World& world, const std::string& what) {
  if (what == "exact") return keep_exact(world);
  const std::size_t colon = what.find(':');
  const std::string kind = what.substr(0, colon);
  const int number = colon == std::string::npos ? 0 : std::atoi(what.c_str() + colon + 1);
  if (kind == "pca" && number > 4) return encode_axes(world, number);
  if (kind == "axes" && number > 4) return encode_axis_products(world, number);
  if (kind == "pq" && number > 0 && world.vectors.cols() % number == 0) return encode_products(world, number);
  if (kind == "rabitq" && number > 0 && number <= 8) return encode_rotated(world, number);
  std::fprintf(stderr, "code '%s': expected exact, pca:BYTES, axes:BYTES, pq:PARTS or rabitq:BITS\n", what.c_str());
  std::exit(1);
}

}  // namespace nearline::experiments
