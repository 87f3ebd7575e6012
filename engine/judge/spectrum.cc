// SPDX-License-Identifier: Apache-2.0
#include "engine/judge/spectrum.h"

#include <Eigen/Dense>

namespace nearline::engine {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const RowMajor> matrix_of(std::span<const double> rows, std::uint32_t dim) {
  return {rows.data(), static_cast<Eigen::Index>(rows.size() / dim), static_cast<Eigen::Index>(dim)};
}

}  // namespace

void center(std::span<double> rows, std::uint32_t dim) {
  Eigen::Map<RowMajor> all(rows.data(), static_cast<Eigen::Index>(rows.size() / dim), static_cast<Eigen::Index>(dim));
  const Eigen::RowVectorXd mean = all.colwise().mean();
  all.rowwise() -= mean;
}

std::vector<double> spectrum(std::span<const double> rows, std::uint32_t dim) {
  const Eigen::Map<const RowMajor> all = matrix_of(rows, dim);
  const bool wide = all.cols() > all.rows();  // X X^T has the same eigenvalues, and is the smaller one
  const Eigen::Index side = wide ? all.rows() : all.cols();
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(side, side);
  if (wide) {
    products.selfadjointView<Eigen::Lower>().rankUpdate(all);
  } else {
    products.selfadjointView<Eigen::Lower>().rankUpdate(all.transpose());
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(products, Eigen::EigenvaluesOnly);
  std::vector<double> values(static_cast<std::size_t>(side));
  Eigen::Map<Eigen::VectorXd>(values.data(), side) =
      (solver.eigenvalues().reverse() / static_cast<double>(all.rows())).cwiseMax(0.0);
  return values;
}

std::vector<double> squared_distances(std::span<const double> rows, std::uint32_t dim) {
  constexpr double kRounding = 1e-12;
  const Eigen::Map<const RowMajor> all = matrix_of(rows, dim);
  const RowMajor products = all * all.transpose();
  std::vector<double> distances(static_cast<std::size_t>(products.size()));
  Eigen::Map<RowMajor> squares(distances.data(), products.rows(), products.cols());
  for (Eigen::Index i = 0; i < products.rows(); ++i) {
    for (Eigen::Index j = 0; j < products.cols(); ++j) {
      const double lengths = products(i, i) + products(j, j);
      const double square = lengths - 2 * products(i, j);
      squares(i, j) = square > kRounding * lengths ? square : 0;
    }
  }
  return distances;
}

}  // namespace nearline::engine
