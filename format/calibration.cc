// SPDX-License-Identifier: Apache-2.0
#include "format/calibration.h"

#include <cmath>
#include <cstring>
#include <string>
#include <tuple>

#include "format/corrupt.h"
#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

Result<void> check_header(const CalibrationHeader& header, std::uint64_t bytes, std::uint64_t at) {
  if (header.kind != kCalibrationKind) {
    return unsupported(at, "a calibration of kind " + std::to_string(std::uint16_t{header.kind}) + ": expected 1");
  }
  const std::uint32_t steps = header.steps;
  if (steps == 0 || steps > kMaxCalibrationSteps || bytes != sizeof header + steps * sizeof(CalibrationRow)) {
    return corrupt(at + offsetof(CalibrationHeader, steps), "a calibration of " + std::to_string(steps) + " steps in " +
                                                                std::to_string(bytes) +
                                                                " bytes: expected 1 to 4096, of 16 bytes each");
  }
  const float norm = header.norm;
  if (!std::isfinite(norm) || norm < 0 || header.queries == 0 || header.source > 1) {
    return corrupt(at,
                   "the head of a calibration: expected queries, a finite norm not below 0, and a source of 0 or 1");
  }
  return {};
}

bool is_sound(const CalibrationStep& step) noexcept {
  return (step.ranking == kRankedExactly || step.ranking == kRankedByCodes) && step.k > 0 && step.l > 0 &&
         step.slack > -1 && step.recall >= 0 && step.recall <= 1;
}

/// Whether `next` may follow `step`. Both are sound.
bool may_follow(const CalibrationStep& step, const CalibrationStep& next) noexcept {
  const auto curve = std::tuple(step.ranking, step.k), next_curve = std::tuple(next.ranking, next.k);
  if (curve != next_curve) return curve < next_curve;
  return step.l <= next.l && step.slack <= next.slack && step.recall <= next.recall;
}

}  // namespace

std::vector<std::byte> encode(const Calibration& calibration) {
  CalibrationHeader header{};
  header.kind = kCalibrationKind;
  header.steps = static_cast<std::uint32_t>(calibration.steps.size());
  header.source = static_cast<std::uint16_t>(calibration.source);
  header.norm = calibration.norm;
  header.queries = calibration.queries;
  std::vector<std::byte> bytes(sizeof header + calibration.steps.size() * sizeof(CalibrationRow));
  std::memcpy(bytes.data(), &header, sizeof header);
  std::byte* at = bytes.data() + sizeof header;
  for (const CalibrationStep& step : calibration.steps) {
    CalibrationRow row{};
    row.ranking = step.ranking;
    row.k = step.k;
    row.l = step.l;
    row.slack = step.slack;
    row.recall = step.recall;
    std::memcpy(at, &row, sizeof row);
    at += sizeof row;
  }
  return bytes;
}

Result<Calibration> decode_calibration(std::span<const std::byte> bytes, std::uint64_t at) {
  if (bytes.size() < sizeof(CalibrationHeader)) {
    return corrupt(at, "a calibration of " + std::to_string(bytes.size()) + " bytes: expected at least " +
                           std::to_string(sizeof(CalibrationHeader)));
  }
  const auto header = row_at<CalibrationHeader>(bytes, 0);
  NEARLINE_CHECK(check_header(header, bytes.size(), at));
  Calibration calibration{.source = CalibratedOn{std::uint16_t{header.source}},
                          .queries = header.queries,
                          .norm = header.norm,
                          .steps = {}};
  for (std::uint64_t place = sizeof header; place < bytes.size(); place += sizeof(CalibrationRow)) {
    const auto row = row_at<CalibrationRow>(bytes, place);
    const CalibrationStep step{
        .ranking = row.ranking, .k = row.k, .l = row.l, .slack = row.slack, .recall = row.recall};
    if (!is_sound(step) || (!calibration.steps.empty() && !may_follow(calibration.steps.back(), step))) {
      return corrupt(at + place,
                     "a step of a calibration: expected one of a known ranking, with k and l, a slack above "
                     "-1 and a recall of 0 to 1, none of them below the step before");
    }
    calibration.steps.push_back(step);
  }
  return calibration;
}

}  // namespace nearline::format
