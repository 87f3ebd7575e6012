// SPDX-License-Identifier: Apache-2.0
/// Brute force and descriptive statistics over files of vectors: the yardsticks that an index is measured with.
#pragma once

#include <cstdint>
#include <string>
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
  std::vector<std::string> advice;        ///< what follows for the index, one sentence each
};

struct ProfileOptions {
  Metric metric = Metric::kL2;  ///< the distance of the LID
  std::uint32_t sample = 1000;  ///< rows whose LID is taken
  std::uint32_t k = 100;
  std::uint32_t threads = Count::kAuto;
  std::uint64_t seed = 1;
  ProgressFn progress{};  ///< may be empty; the braces spare callers a warning about what they leave out
};

/// Errors: as exact_neighbors, but invalid vectors are counted, not refused.
/// Source: LID by maximum likelihood (Amsaleg et al., KDD 2015, equation 5).
NEARLINE_API Result<Profile> profile(const VectorFile& base, const ProfileOptions& options = {});

}  // namespace nearline
