// SPDX-License-Identifier: Apache-2.0
/// Any bytes, salvaged, give an error or an index that is whole and holds as many records as the report says; and the
/// damaged file stays as it is.
#include <vector>

#include "engine/api/live_index.h"
#include "engine/repair/salvage.h"
#include "engine/repair/verify.h"
#include "fuzz/property.h"
#include "io/simulated_disk.h"

namespace {

using namespace nearline;

constexpr std::uint64_t kMemory = 64U << 20;

void save(io::SimulatedDisk& disk) {
  const auto report =
      engine::salvage(disk, "damaged", "saved", {.memory_bytes = kMemory, .threads = 1, .replace = true});
  if (!report) return;
  const auto findings = engine::verify(disk, "saved", true);
  FUZZ_PROPERTY(findings.has_value() && findings.value().finding_count == 0);
  const auto index =
      engine::LiveIndex::open(disk, "saved", {.io = IoMode::kPread, .memory_bytes = kMemory, .threads = 1});
  FUZZ_PROPERTY(index.has_value());
  FUZZ_PROPERTY(index.value().info().count == report.value().saved);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::vector<std::byte> damaged(bytes.begin(), bytes.end());
  io::SimulatedDisk disk;
  disk.put("damaged", damaged);
  save(disk);
  FUZZ_PROPERTY(disk.contents("damaged") == damaged);
  return 0;
}
