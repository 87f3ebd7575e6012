// SPDX-License-Identifier: Apache-2.0
/// The one decision of a search: which way a segment's records are searched, and how far. It follows from the file and
/// the call alone, never from a clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/segment/field.h"
#include "engine/walk/walk.h"
#include "format/calibration.h"
#include "nearline/search.h"

namespace nearline::engine {

enum class Way : std::uint8_t {
  kScan,           ///< compare with every record
  kCertifiedScan,  ///< compare with every code, read all that may be an answer: exact like kScan
  kWalk,           ///< walk by distance
  kCodeWalk,       ///< walk by the codes in memory
  kCodeScan,       ///< compare with every code, read what is promising
  kFusedWalk,      ///< walk by the codes on the pages
};
[[nodiscard]] std::string_view name(Way way) noexcept;
/// Whether no record is missed that way.
[[nodiscard]] constexpr bool is_exact(Way way) noexcept {
  return way == Way::kScan || way == Way::kCertifiedScan;
}

struct Plan {
  Way way = Way::kWalk;
  WalkOptions walk;
  float recall = 0;              ///< the share of the k nearest that it is expected to find; 0: not known
  float norm = 0;                ///< what distances under ip are measured from, when the walk has a stop rule
  bool weighted = false;         ///< dimensions count by weights
  std::uint32_t directions = 0;  ///< that codes take for lengths by weights (CodeWeights)
  float doubt = 1;               ///< what is doubted of estimates by weights, in standard errors of others
};

/// What a plan is made for.
struct PlanFacts {
  std::size_t queries = 1;
  std::uint64_t live = 0;                         ///< records that may be answers
  bool filtered = false;                          ///< a filter says so, and knows which these are
  const Weighting* weighting = nullptr;           ///< none, or how dimensions count
  const format::Calibration* borrowed = nullptr;  ///< a larger segment's, for one that has none
  bool bounded = false;                           ///< other segments have answered before
};

/// Makes the list of a walk longer where it meets records that may be no answers.
void make_room(WalkOptions& walk, std::uint64_t count, std::uint64_t live) noexcept;

/// Errors: kInvalidArgument for a recall that the calibration does not know.
Result<Plan> plan_search(const Field& field, const SearchOptions& options, const PlanFacts& facts);

/// The way of a walk with these options, when nothing else is asked. For who measures walks.
Way walk_of(const Field& field) noexcept;

/// Makes the plan look farther, after it found too few or its list had no room; false when it compares with every
/// record already.  few: it found fewer answers than there are.
bool widen(Plan& plan, const Field& field, bool few) noexcept;

/// The plan that goes through all that may be answers, or the matches of a filter, and no walk: by their codes in place
/// of a walk by codes, else by their pages.
void scan_instead(Plan& plan) noexcept;

/// For people: "codes walk, L 40, W 1, k 10, slack 0.06".
std::string to_text(const Plan& plan);

}  // namespace nearline::engine
