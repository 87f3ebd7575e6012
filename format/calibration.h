// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, calibration: which effort reached which recall, on records that were held out or on real queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/endian.h"
#include "nearline/result.h"

namespace nearline::format {

inline constexpr std::uint16_t kCalibrationKind = 1;
inline constexpr std::uint32_t kMaxCalibrationSteps = 4096;
inline constexpr std::uint64_t kMaxCalibrationBytes = 16 + 16 * kMaxCalibrationSteps;
/// Rows of the section `queries`.
inline constexpr std::uint32_t kMaxSampleQueries = 512;
/// How the walks of a step ranked candidates.
inline constexpr std::uint16_t kRankedExactly = 1;
inline constexpr std::uint16_t kRankedByCodes = 2;

struct CalibrationHeader {
  le16 kind;     //  0
  le16 source;   //  2
  le32 steps;    //  4
  lef32 norm;    //  8
  le32 queries;  // 12
};
static_assert(sizeof(CalibrationHeader) == 16 && offsetof(CalibrationHeader, queries) == 12);

struct CalibrationRow {
  le16 ranking;  //  0
  le16 k;        //  2
  le32 l;        //  4
  lef32 slack;   //  8
  lef32 recall;  // 12
};
static_assert(sizeof(CalibrationRow) == 16 && offsetof(CalibrationRow, recall) == 12);

/// What the walks looked for.
enum class CalibratedOn : std::uint16_t {
  kRecords = 0,  ///< records, each hidden from its own walk
  kQueries = 1,  ///< those of the section `queries`
};

/// One effort, and the mean recall@k that walks of it reached.
struct CalibrationStep {
  std::uint16_t ranking = kRankedExactly;
  std::uint16_t k = 0;
  std::uint32_t l = 0;
  float slack = 0;  ///< +infinity: none but l ends a walk
  float recall = 0;

  friend bool operator==(const CalibrationStep&, const CalibrationStep&) = default;
};

/// One that was decoded is not empty, and within each (ranking, k) neither l, slack nor recall falls.
struct Calibration {
  CalibratedOn source = CalibratedOn::kRecords;
  std::uint32_t queries = 0;
  float norm = 0;                      ///< of the largest vector that the slack of inner products is measured from
  std::vector<CalibrationStep> steps;  ///< by ranking, then k, then effort
};

std::vector<std::byte> encode(const Calibration& calibration);

/// bytes: the whole section, at `at` in the file.
/// Errors: kCorrupt with the offset; kUnsupported for another kind of calibration.
Result<Calibration> decode_calibration(std::span<const std::byte> bytes, std::uint64_t at);

}  // namespace nearline::format
