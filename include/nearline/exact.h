// SPDX-License-Identifier: Apache-2.0
/// Brute force and descriptive statistics over files of vectors: the yardsticks that an index is measured with.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"
#include "nearline/vector_file.h"

namespace nearline {

struct ExactOptions {
  std::uint32_t k = 100;
  Metric metric = Metric::kL2;
  std::uint32_t threads = Count::kAuto;  ///< kAuto: one per processor; the answer does not depend on it
  std::uint64_t memory_bytes = 256u << 20;
  ProgressFn progress{};      ///< may be empty; the braces spare callers a warning about what they leave out
  std::uint32_t prefix = 0;   ///< as SearchOptions::prefix
  std::vector<float> mask{};  ///< as SearchOptions::mask
};

/// The exact `k` nearest rows of `base` for each row of `queries`, by row number; ties go to the smaller row. Where
/// base has fewer than k rows, rows of the table are short: kNoId and +infinity behind what there is. Both files are
/// streamed. queries: of base's type, or both of float types. Errors: kInvalidArgument for k of 0 or above kMaxPaddedK
/// and the rows of base, dimensions or types or a metric, a prefix or a mask that do not fit; kBadInput for NaN,
/// infinity, and lengths that Builder::add refuses (names file and row); kCancelled, kIo.
NEARLINE_API Result<NeighborTable> exact_neighbors(const VectorFile& base, const VectorFile& queries,
                                                   const ExactOptions& options);

/// How rows fill their space, as studies of representations report it; from a sample of at most 2000 rows. x is a row,
/// n the number of rows, d of components, lambda the eigenvalues of the rows' covariance.
struct ProfileShape {
  std::uint32_t sample = 0;  ///< rows; 0: nothing was measured (bits, or fewer than two rows that differ)
  std::uint32_t k = 0;       ///< neighbours that hubness and entropy go by: 10, or fewer when there are fewer rows
  /// From 0 (one direction has all the variance) to 1 (all have the same): (p - 1) / (d - 1), where
  /// p = (sum lambda)^2 / sum lambda^2. Source: IsoScore (Rudman et al., Findings of ACL 2022), section 4, whose steps
  /// come to this.
  double isotropy = 0;
  /// exp of the entropy of the singular values of the centred rows over their sum: how many directions are used.
  /// Sources: Roy, Vetterli, The effective rank (EUSIPCO 2007); RankMe (Garrido et al., ICML 2023).
  double effective_rank = 0;
  /// Directions that hold less than a millionth of the largest variance, of those that n rows can tell (n - 1). Source:
  /// Jing et al., Understanding dimensional collapse (ICLR 2022).
  std::uint32_t collapsed = 0;
  /// log of the mean of exp(-2 |u - v|^2) over pairs of rows brought to length 1; lower is more uniform, 0 is a point.
  /// Source: Wang, Isola, Understanding contrastive representation learning (ICML 2020), section 4.
  double uniformity = 0;
  /// Mean of |u - v|^2 over ProfileOptions::pairs, brought to length 1: lower is nearer; NaN without pairs. Same
  /// source.
  double alignment = 0;
  std::uint64_t pairs = 0;  ///< that it is the mean of
  /// Skewness of how many of the sample's rows have a row among their k nearest; high: few rows are near to many.
  /// Source: Radovanovic et al., Hubs in space (JMLR 2010), section 2.2.
  double hubness = 0;
  /// Differential entropy by distances to the k-th neighbour, in nats; falls to minus infinity as rows collapse onto
  /// few points. Sources: Kozachenko, Leonenko (1987); Kraskov et al. (Phys. Rev. E 2004), equation 20 with r in place
  /// of 2r.
  double neighbor_entropy = 0;
  /// log det(I + d / (n e^2) X^T X) / 2 of rows of length 1, e^2 = 0.5, in nats: the room that all rows take together.
  /// Source: Yu et al., Maximal coding rate reduction (NeurIPS 2020), equation 7.
  double coding_rate = 0;
};

/// A data set as a graph index sees it.
struct Profile {
  std::uint64_t rows = 0;
  std::uint32_t dim = 0;
  ElementType type = ElementType::kF32;
  double norm_min = 0, norm_mean = 0, norm_max = 0;  ///< of rows that are neither invalid nor overlong
  std::uint64_t zero_vectors = 0;                    ///< under cosine those that are too short to have a direction, too
  std::uint64_t invalid_vectors = 0;                 ///< rows with NaN or infinity
  std::uint64_t first_invalid_row = kNoId;           ///< kNoId when there is none
  std::uint64_t overlong_vectors = 0;  ///< finite rows that f32 cannot compare by the metric: builds refuse them
  std::uint64_t first_overlong_row = kNoId;
  std::uint64_t duplicates = 0;           ///< rows equal to an earlier row, bit for bit
  std::uint64_t constant_components = 0;  ///< components with one value in all rows
  double lid_mean = 0, lid_median = 0;    ///< local intrinsic dimensionality, maximum likelihood, k nearest
  std::uint32_t lid_k = 0;                ///< neighbours used: 100, or fewer when there are fewer rows
  std::uint32_t lid_sample = 0;           ///< rows sampled
  ProfileShape shape;                     ///< by l2, whatever the metric
  std::vector<std::string> advice;        ///< what follows for the index, one sentence each
};

struct ProfileOptions {
  Metric metric = Metric::kL2;  ///< the distance of the LID
  std::uint32_t sample = 1000;  ///< rows whose LID is taken
  std::uint32_t k = 100;
  std::uint32_t threads = Count::kAuto;
  std::uint64_t seed = 1;
  ProgressFn progress{};  ///< may be empty; the braces spare callers a warning about what they leave out
  /// Rows that ought to be near to each other, two views of one thing: what alignment is taken of.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs{};
};

/// Errors: as exact_neighbors, kInvalidArgument for a pair of rows that there are not, but invalid vectors are counted,
/// not refused. Source: LID by maximum likelihood (Amsaleg et al., KDD 2015, equation 5).
NEARLINE_API Result<Profile> profile(const VectorFile& base, const ProfileOptions& options = {});

}  // namespace nearline
