// SPDX-License-Identifier: Apache-2.0
/// Any bytes as payloads, their checksums right: every row gives a payload or says that they are damaged, and of those
/// that a verification passes all rows are read.
#include <algorithm>

#include "engine/columns/payloads.h"
#include "engine/repair/verify_values.h"
#include "fuzz/one_section.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearline;
  if (size < 2) return 0;
  const std::uint64_t rows = 1 + (data[0] | data[1] << 8) % 9000U;
  const fuzzing::OneSection world(rows, format::SectionKind::kPayload, AttributeType::kI64, {data + 2, size - 2});
  const auto finding = engine::broken_values(world.segment(), {});
  FUZZ_PROPERTY(finding.has_value());
  const bool sound = !finding->has_value();
  const auto payloads = engine::Payloads::open(world.segment(), world.section());
  FUZZ_PROPERTY(payloads ? true : payloads.error().code == Code::kCorrupt && !sound);
  if (!payloads) return 0;
  engine::Payloads::Reader reader(**payloads);
  const std::uint64_t step = sound ? 1 : std::max<std::uint64_t>(1, rows / 8);
  for (std::uint64_t row = 0; row < rows; row += step) {
    const auto payload = reader.read(static_cast<std::uint32_t>(row));
    FUZZ_PROPERTY(payload ? true : payload.error().code == Code::kCorrupt && !sound);
    FUZZ_PROPERTY(!sound || payload->size() <= kMaxPayloadBytes);
  }
  return 0;
}
