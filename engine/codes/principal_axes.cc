// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/principal_axes.h"

#include <Eigen/Dense>

namespace nearline::engine {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows whose products are added up together: what is centred at a time.
constexpr Eigen::Index kBlockRows = 1024;

}  // namespace

PrincipalAxes principal_axes(std::span<const float> rows, std::uint32_t dim) {
  const auto width = static_cast<Eigen::Index>(dim);
  const auto count = static_cast<Eigen::Index>(rows.size()) / width;
  const Eigen::Map<const RowMajor> all(rows.data(), count, width);
  const Eigen::RowVectorXf mean = all.colwise().mean();
  Eigen::MatrixXf covariance = Eigen::MatrixXf::Zero(width, width);
  for (Eigen::Index first = 0; first < count; first += kBlockRows) {
    const Eigen::MatrixXf block = all.middleRows(first, std::min(kBlockRows, count - first)).rowwise() - mean;
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(block.transpose(), 1.0F / static_cast<float>(count));
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(covariance);  // reads the lower half; ascending
  PrincipalAxes result;
  result.mean.assign(mean.data(), mean.data() + width);
  result.axes.resize(static_cast<std::size_t>(width * width));
  result.variance.resize(dim);
  Eigen::Map<RowMajor> axes(result.axes.data(), width, width);
  Eigen::Map<Eigen::VectorXf> variance(result.variance.data(), width);
  axes = solver.eigenvectors().rowwise().reverse().transpose();
  variance = solver.eigenvalues().reverse().cwiseMax(0.0F);
  return result;
}

}  // namespace nearline::engine
