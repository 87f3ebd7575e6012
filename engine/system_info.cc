// SPDX-License-Identifier: Apache-2.0
#include "engine/kernels/kernels.h"
#include "io/memory_info.h"
#include "io/page_source.h"
#include "nearline/index.h"

namespace nearline {

SystemInfo system_info() {
  SystemInfo info;
  const Result<void> ring = io::io_uring_usable();
  info.io_uring = ring.has_value();
  if (!ring) info.io_uring_reason = ring.error().message();
  info.kernels = kernels::target();
  const io::MemoryInfo memory = io::memory_info();
  info.processors = io::processor_count();
  info.memory_bytes = memory.total;
  info.available_memory_bytes = memory.available;
  return info;
}

}  // namespace nearline
