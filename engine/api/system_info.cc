// SPDX-License-Identifier: Apache-2.0
/// What this machine gives, and which library runs on it.
#include "engine/kernels/kernels.h"
#include "io/memory_info.h"
#include "io/page_source.h"
#include "nearline/statistics.h"
#include "nearline/version.h"

namespace nearline {

const char* version() noexcept {
  return NEARLINE_VERSION_TEXT;
}

SystemInfo system_info() {
  SystemInfo info;
  const Result<void> ring = io::io_uring_usable();
  info.io_uring = ring.has_value();
  if (!ring) info.io_uring_reason = ring.error().message();
  info.kernels = kernels::target();
  if (const auto named = kernels::check_environment(); !named) info.kernels_reason = named.error().message();
  info.fused = kernels::fused();
  const io::MemoryInfo memory = io::memory_info();
  info.processors = io::processor_count();
  info.memory_bytes = memory.total;
  info.available_memory_bytes = memory.available;
  return info;
}

}  // namespace nearline
