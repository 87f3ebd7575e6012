// SPDX-License-Identifier: Apache-2.0
/// What the machine, or the container around us, has to give; and what this process has taken.
#pragma once

#include <cstdint>
#include <filesystem>

namespace nearline::io {

/// Bytes. Where a control group sets a limit below what the machine has, the group's figures stand.
struct MemoryInfo {
  std::uint64_t total = 0;      ///< physical memory, or the group's limit
  std::uint64_t available = 0;  ///< what can be had without swapping
  bool limited = false;         ///< a control group's limit is in force
};

/// From /proc/meminfo and the memory controller (control groups v1 and v2). Zeros where nothing can be read.
/// root: where proc and sys stand; tests give another.
[[nodiscard]] MemoryInfo memory_info(const std::filesystem::path& root = "/");

/// Processors that this process may run on, at least 1.
[[nodiscard]] std::uint32_t processor_count() noexcept;

/// Resident set of this process now and at its highest, in bytes; 0 when /proc cannot be read.
struct ResidentMemory {
  std::uint64_t now = 0;
  std::uint64_t peak = 0;
};
[[nodiscard]] ResidentMemory resident_memory();

/// Gives memory that was freed back to the system. The allocator keeps it otherwise, where the next large piece may not
/// fit: for work that takes its bound several times over, one phase after another.
void give_back_freed() noexcept;

}  // namespace nearline::io
