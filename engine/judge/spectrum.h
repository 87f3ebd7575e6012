// SPDX-License-Identifier: Apache-2.0
/// Eigenvalues and products of some rows, by Eigen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nearline::engine {

/// Takes the mean of the rows [n x dim] off each of them.
void center(std::span<double> rows, std::uint32_t dim);

/// The min(n, dim) largest eigenvalues of X^T X / n, descending, none below 0; those beyond are 0.
std::vector<double> spectrum(std::span<const double> rows, std::uint32_t dim);

/// Squared distances of all pairs of rows [n x n]; what rounding may have made of 0 is 0.
std::vector<double> squared_distances(std::span<const double> rows, std::uint32_t dim);

}  // namespace nearline::engine
