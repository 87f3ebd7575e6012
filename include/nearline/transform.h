// SPDX-License-Identifier: Apache-2.0
/// What an index does to vectors before it stores them, and to queries before it compares them: a list of steps that
/// its file keeps. Whoever inserts or searches gives vectors as the encoder made them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"

namespace nearline {

/// What one step does to a vector x of d components. Values are written to files and never change.
enum class StepKind : std::uint16_t {
  kNormalize = 1,  ///< x / |x|; a zero vector is refused
  kCenter = 2,     ///< x less the mean of the rows of the build
  /// The products of x with the k directions in which the rows of the build vary most, most first (their mean is not
  /// taken off x: put kCenter before it where that matters, under ip and cosine).
  kPca = 3,
  /// A k x d matrix of 0 and +-sqrt(s/k), s = sqrt(d), each sign with a chance of 1/(2s): squared lengths are kept in
  /// the mean, with a relative variance of (2 + (s - 3) sum x_i^4 / |x|^4) / k.
  /// Sources: Li, Hastie, Church, Very Sparse Random Projections (KDD 2006); FastRP (CIKM 2019).
  kSparseRandom = 4,
  kMatrix = 5,  ///< the products of x with k rows that are given
  /// The cosines of x to k anchors. Vectors of two encoders, each relative to the same anchors as it encodes them, can
  /// be compared. Source: Moschella et al., Relative representations enable zero-shot latent space communication
  /// (ICLR 2023).
  kRelative = 6,
  kField = 7,  ///< only the last step of a query transform: what is done to records
};

struct NEARLINE_API TransformStep {
  StepKind kind = StepKind::kNormalize;
  std::uint32_t out_dim = 0;  ///< components behind it, k above; 0: as many as before it
  std::uint64_t seed = 1;     ///< of kSparseRandom
  /// Of kMatrix: its rows are said to be orthonormal, so that it keeps the lengths of what it does not drop, and a
  /// build refuses others. Nothing in nearline needs that, since what is compared is what is stored.
  bool orthogonal = false;
  /// What the step goes by, row-major: of kCenter the mean [d]; of kPca, kMatrix and kRelative [out_dim x d], anchors
  /// of unit length. Null for other kinds; null of kCenter and kPca until a build has learned it.
  std::shared_ptr<const std::vector<float>> numbers{};

  static TransformStep normalize();
  static TransformStep center();
  static TransformStep pca(std::uint32_t k);
  static TransformStep sparse_random(std::uint32_t k, std::uint64_t seed = 1);
  /// rows: [k x d], copied. Precondition: k divides their number.
  static TransformStep matrix(std::span<const float> rows, std::uint32_t k, bool orthogonal = false);
  /// anchors: [k x d], copied and brought to unit length. Precondition: k divides their number.
  static TransformStep relative(std::span<const float> anchors, std::uint32_t k);
  static TransformStep field();

  /// Components before the step, where its numbers tell; else 0.
  [[nodiscard]] std::uint32_t columns() const noexcept;
};

/// Steps in their order; none: vectors are stored as they come. What comes in may be of any type but b1.
struct NEARLINE_API Transform {
  std::uint32_t in_dim = 0;  ///< components of what comes in, 1..kMaxDim; 0 without steps
  std::vector<TransformStep> steps{};

  [[nodiscard]] bool empty() const noexcept { return steps.empty(); }
  /// Components of what comes out; before kField unknown, 0.
  [[nodiscard]] std::uint32_t out_dim() const noexcept;

  /// Gives the rows [k x d] of what the text calls FILE, k first.
  struct Matrix {
    std::uint32_t rows = 0;
    std::vector<float> numbers{};
  };
  using MatrixFn = std::function<Result<Matrix>(const std::string& name)>;

  /// Text as `normalize, center, pca(64), sparse_random(128, SEED), matrix(FILE, orthogonal), relative(FILE), field`.
  /// in_dim: of what comes in; 0: as the first matrix or the anchors say, or else 0 is left for the index to fill in.
  /// Errors: kInvalidArgument, naming the nearest known step for an unknown one; those of `read`.
  static Result<Transform> parse(std::string_view text, std::uint32_t in_dim, const MatrixFn& read);
};

/// The text form; matrices and anchors as their shapes: `center, matrix(64 x 512, orthogonal)`.
[[nodiscard]] NEARLINE_API std::string to_text(const Transform& transform);

}  // namespace nearline
