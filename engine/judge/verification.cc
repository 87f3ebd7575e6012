// SPDX-License-Identifier: Apache-2.0
/// Verification: is it the same, by a threshold on the distance?
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "nearline/evaluate.h"

namespace nearline {
namespace {

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_pairs(std::span<const float> pairs, const char* which) {
  if (pairs.empty()) return invalid(std::string("pairs of ") + which + ": expected some, found none");
  if (std::none_of(pairs.begin(), pairs.end(), [](float distance) { return std::isnan(distance); })) return {};
  return invalid(std::string("pairs of ") + which + ": expected distances, found NaN");
}

double share_within(std::span<const float> ascending, float threshold) {
  const auto within = std::upper_bound(ascending.begin(), ascending.end(), threshold) - ascending.begin();
  return static_cast<double>(within) / static_cast<double>(ascending.size());
}

}  // namespace

Result<std::vector<VerificationPoint>> verification_curve(std::vector<float> same, std::vector<float> other,
                                                          std::span<const double> rates) {
  NEARLINE_CHECK(check_pairs(same, "one label"));
  NEARLINE_CHECK(check_pairs(other, "two labels"));
  std::sort(same.begin(), same.end());
  std::sort(other.begin(), other.end());
  std::vector<VerificationPoint> curve;
  curve.reserve(rates.size());
  for (const double rate : rates) {
    if (!(rate >= 0 && rate <= 1)) return invalid("false accept rate of " + std::to_string(rate) + ": expected 0 to 1");
    const auto allowed = static_cast<std::size_t>(rate * static_cast<double>(other.size()));
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // The first pair that must not be accepted bounds the threshold from above, itself left out.
    const float threshold = allowed >= other.size() ? kInfinity : std::nextafter(other[allowed], -kInfinity);
    curve.push_back({rate, share_within(other, threshold), share_within(same, threshold), threshold});
  }
  return curve;
}

}  // namespace nearline
