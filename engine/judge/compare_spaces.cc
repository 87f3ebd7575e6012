// SPDX-License-Identifier: Apache-2.0
/// Two encoders of the same things: how alike they are, and which map brings one to the other. Matrices by Eigen.
#include <algorithm>
#include <cmath>
#include <Eigen/Dense>
#include <numeric>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/random.h"
#include "nearline/evaluate.h"

namespace nearline {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = std::vector<Eigen::Index>;

constexpr Eigen::Index kQueriesAtOnce = 128;
constexpr double kRidge = 1e-3;  // of the mean variance of a component

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<Matrix> matrix_of(const MatrixView& rows, const char* which) {
  if (rows.type == ElementType::kB1) return invalid(std::string(which) + ": expected vectors of numbers, found b1");
  std::vector<float> numbers(rows.rows * rows.dim);
  kernels::to_f32(rows.type, rows.data, numbers.size(), numbers.data());
  if (const auto bad = std::find_if_not(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
      bad != numbers.end()) {
    return Error{.code = Code::kBadInput,
                 .what = std::string(which) + ": row " + std::to_string((bad - numbers.begin()) / rows.dim) +
                         " holds NaN or infinity: expected finite values"};
  }
  const Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> all(
      numbers.data(), static_cast<Eigen::Index>(rows.rows), static_cast<Eigen::Index>(rows.dim));
  return Matrix(all.cast<double>());
}

Matrix centered(const Matrix& rows) {
  const Eigen::RowVectorXd mean = rows.colwise().mean();
  return rows.rowwise() - mean;
}

/// Rows of length 1; zero rows stay zero.
Matrix unit(Matrix rows) {
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    const double length = rows.row(i).norm();
    if (length > 0) rows.row(i) /= length;
  }
  return rows;
}

Matrix picked(const Matrix& rows, const Rows& which) {
  Matrix some(static_cast<Eigen::Index>(which.size()), rows.cols());
  for (std::size_t i = 0; i < which.size(); ++i) some.row(static_cast<Eigen::Index>(i)) = rows.row(which[i]);
  return some;
}

/// The k nearest rows to each of some, themselves left out, ascending by number; ties go to the smaller row.
std::vector<Rows> nearest(const Matrix& given, const Rows& queries, std::uint32_t k, Metric metric) {
  const Matrix rows = metric == Metric::kCosine ? unit(given) : given;
  const Eigen::VectorXd squares = rows.rowwise().squaredNorm();
  std::vector<Rows> all;
  all.reserve(queries.size());
  Rows order(static_cast<std::size_t>(rows.rows()));
  for (std::size_t first = 0; first < queries.size(); first += kQueriesAtOnce) {
    const Rows some(queries.begin() + static_cast<std::ptrdiff_t>(first),
                    queries.begin() + static_cast<std::ptrdiff_t>(std::min(queries.size(), first + kQueriesAtOnce)));
    Matrix far = -2 * picked(rows, some) * rows.transpose();
    if (metric == Metric::kL2) far.rowwise() += squares.transpose();
    for (std::size_t i = 0; i < some.size(); ++i) {
      const double* const to = far.data() + static_cast<Eigen::Index>(i) * far.cols();
      std::iota(order.begin(), order.end(), Eigen::Index{0});
      order.erase(order.begin() + some[i]);
      std::partial_sort(order.begin(), order.begin() + k, order.end(),
                        [to](Eigen::Index a, Eigen::Index b) { return to[a] != to[b] ? to[a] < to[b] : a < b; });
      all.emplace_back(order.begin(), order.begin() + k);
      std::sort(all.back().begin(), all.back().end());
      order.resize(static_cast<std::size_t>(rows.rows()));
    }
  }
  return all;
}

double overlap(const std::vector<Rows>& a, const std::vector<Rows>& b, std::uint32_t k) {
  std::size_t shared = 0;
  Rows both;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both.clear();
    std::set_intersection(a[i].begin(), a[i].end(), b[i].begin(), b[i].end(), std::back_inserter(both));
    shared += both.size();
  }
  return static_cast<double>(shared) / (static_cast<double>(a.size()) * k);
}

/// mapped, targets: rows that belong to each other, compared by cosine.
MapFigures judge_map(const Matrix& mapped, const Matrix& targets, std::uint32_t k) {
  const Matrix cosines = unit(mapped) * unit(targets).transpose();
  MapFigures figures;
  for (Eigen::Index i = 0; i < cosines.rows(); ++i) {
    const double own = cosines(i, i);
    const auto before = (cosines.row(i).array() > own).count();
    figures.first += before == 0 ? 1 : 0;
    figures.among_k += before < static_cast<Eigen::Index>(k) ? 1 : 0;
    figures.cosine += own;
  }
  const auto rows = static_cast<double>(cosines.rows());
  figures.first /= rows;
  figures.among_k /= rows;
  figures.cosine /= rows;
  return figures;
}

/// Maps that learn from one half of the rows and are judged on rows of the other.
void judge_maps(const Matrix& a, const Matrix& b, const CompareOptions& options, Rows order, SpaceComparison& result) {
  const std::size_t half = order.size() / 2;
  const Rows held(order.begin() + static_cast<std::ptrdiff_t>(half),
                  order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), half + options.sample)));
  order.resize(half);
  result.learned_from = half;
  result.held_out = held.size();
  const Matrix from = picked(a, order);
  const Matrix to = picked(b, order);
  const Matrix held_a = picked(a, held);
  const Matrix held_b = picked(b, held);

  order.resize(std::min<std::size_t>(order.size(), options.anchors));
  result.anchors = static_cast<std::uint32_t>(order.size());
  result.maps[0] = judge_map(unit(held_a) * unit(picked(a, order)).transpose(),
                             unit(held_b) * unit(picked(b, order)).transpose(), options.k);

  const Eigen::RowVectorXd middle_a = from.colwise().mean();
  const Eigen::RowVectorXd middle_b = to.colwise().mean();
  const Matrix x = from.rowwise() - middle_a;
  const Matrix y = to.rowwise() - middle_b;
  const Matrix held_x = held_a.rowwise() - middle_a;
  const Matrix held_y = held_b.rowwise() - middle_b;
  const Eigen::MatrixXd products = x.transpose() * y;
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(products, Eigen::ComputeThinU | Eigen::ComputeThinV);
  result.maps[1] = judge_map(held_x * (svd.matrixU() * svd.matrixV().transpose()), held_y, options.k);

  Eigen::MatrixXd covariance = x.transpose() * x;
  const double ridge = kRidge * covariance.trace() / static_cast<double>(covariance.rows());
  covariance.diagonal().array() += ridge > 0 ? ridge : 1;
  result.maps[2] = judge_map(held_x * covariance.ldlt().solve(products), held_y, options.k);
  for (std::uint32_t map = 1; map < result.maps.size(); ++map) {
    if (result.maps[map].first > result.maps[static_cast<std::uint32_t>(result.best)].first)
      result.best = static_cast<SpaceMap>(map);
  }
}

Result<void> check(const MatrixView& a, const MatrixView& b, const CompareOptions& options) {
  if (a.rows != b.rows) {
    return invalid("rows: expected as many of both encoders, found " + std::to_string(a.rows) + " and " +
                   std::to_string(b.rows));
  }
  if (a.rows < 4) return invalid("rows: expected 4 or more that both encoders have, found " + std::to_string(a.rows));
  if (options.k == 0 || options.k >= a.rows)
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " + std::to_string(a.rows - 1));
  if (options.sample == 0 || options.anchors == 0) return invalid("sample and anchors: expected 1 or more, found 0");
  for (const Metric metric : {options.metric_a, options.metric_b}) {
    if (!compatible(metric, ElementType::kF32))
      return invalid("metric: expected l2, ip or cosine, found " + std::string(name(metric)));
  }
  return {};
}

}  // namespace

std::string_view name(SpaceMap map) noexcept {
  switch (map) {
    case SpaceMap::kRelative: return "relative";
    case SpaceMap::kOrthogonal: return "orthogonal";
    case SpaceMap::kAffine: return "affine";
  }
  return "";
}

Result<SpaceComparison> compare_spaces(const MatrixView& a, const MatrixView& b, const CompareOptions& options) {
  NEARLINE_CHECK(check(a, b, options));
  NEARLINE_TRY(rows_a, matrix_of(a, "the first encoder"));
  NEARLINE_TRY(rows_b, matrix_of(b, "the second encoder"));
  const Matrix x = centered(rows_a);
  const Matrix y = centered(rows_b);
  if (!(x.norm() > 0 && y.norm() > 0))
    return invalid("rows: expected some that differ, found all of one encoder equal");
  SpaceComparison result;
  result.rows = a.rows;
  Rows order(a.rows);
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  engine::Random random(options.seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  const Rows queries(order.begin(),
                     order.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(order.size(), options.sample)));
  result.queries = queries.size();
  result.overlap = overlap(nearest(rows_a, queries, options.k, options.metric_a),
                           nearest(rows_b, queries, options.k, options.metric_b), options.k);
  result.chance = options.k / (static_cast<double>(a.rows) - 1);
  const Eigen::MatrixXd across = y.transpose() * x;
  const Eigen::MatrixXd within_a = x.transpose() * x;
  const Eigen::MatrixXd within_b = y.transpose() * y;
  result.cka = across.squaredNorm() / (within_a.norm() * within_b.norm());
  const double nuclear = Eigen::BDCSVD<Eigen::MatrixXd>(across).singularValues().sum() / (x.norm() * y.norm());
  result.procrustes = std::max(0.0, 1 - nuclear * nuclear);
  judge_maps(rows_a, rows_b, options, std::move(order), result);
  return result;
}

}  // namespace nearline
