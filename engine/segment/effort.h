// SPDX-License-Identifier: Apache-2.0
/// From a recall that is wanted to the walk that a calibration says will reach it.
#pragma once

#include <cstdint>

#include "format/calibration.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Fewer records are not calibrated: comparing with all of them is cheap, and any recall.
inline constexpr std::uint64_t kLeastCalibrated = 1024;

/// This share of the answers that may be missed is kept in reserve: a few hundred records know a recall to half a
/// point.
inline constexpr float kReserve = 0.1F;
/// On fused pages walks for hidden records are hardly harder than others: the page of a record that is hidden brings
/// what it points to all the same. What other layouts have to spare by that must be added.
inline constexpr float kFusedReserve = 0.25F;

struct Effort {
  std::uint32_t k = 0;  ///< answers that the walk looks for, at least those wanted
  std::uint32_t l = 0;
  float slack = 0;
};

/// The least effort that reached the recall@k, with a little in reserve, between the steps that were measured. Below
/// the least k that was measured a walk looks for that many; between two of them it takes the effort of both; above the
/// largest, L grows with k.  ranking: format::kRankedExactly or kRankedByCodes. Errors: kInvalidArgument when no step
/// reached it, or none has that ranking: the message says what was reached.
Result<Effort> effort_for(const format::Calibration& calibration, std::uint16_t ranking, std::uint32_t k, float recall,
                          float reserve = kReserve);

/// The other way round: the recall@k that walks of L candidates are expected to reach, which only that list ends. It is
/// what effort_for would take no longer a walk for. Steps that a shorter list ended, or a slack, reached no more than
/// such a walk does, so it may well find more. 0 where no step has a list as short.
float recall_for(const format::Calibration& calibration, std::uint16_t ranking, std::uint32_t k, std::uint32_t l,
                 float reserve = kReserve) noexcept;

}  // namespace nearline::engine
