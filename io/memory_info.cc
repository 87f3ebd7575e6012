// SPDX-License-Identifier: Apache-2.0
#include "io/memory_info.h"

#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace nearline::io {
namespace {

using Path = std::filesystem::path;

/// The number after `key` in a file of "key number" lines, as in /proc/meminfo and memory.stat.
std::optional<std::uint64_t> number_after(const Path& path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    std::uint64_t number = 0;
    if (word == key && file >> number) return number;
    file.clear();
    std::getline(file, word);
  }
  return std::nullopt;
}

/// A file that holds one number; "max" and anything else that is none count as none.
std::optional<std::uint64_t> number_in(const Path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

/// How the two versions of the memory controller name the same things.
struct Controller {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* reclaimable;  ///< in memory.stat: cached file pages that nobody misses
};
constexpr Controller kVersion1{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file"};
constexpr Controller kVersion2{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};

/// Applies the limit of one group, where it is below what the machine has: version 1 writes a huge number for "none".
void apply_limit(const Path& group, const Controller& names, std::uint64_t machine, MemoryInfo& info) {
  const auto limit = number_in(group / names.limit);
  if (!limit || *limit >= machine) return;
  const std::uint64_t used = number_in(group / names.usage).value_or(0);
  const std::uint64_t reclaimable = number_after(group / "memory.stat", names.reclaimable).value_or(0);
  const std::uint64_t taken = used - std::min(used, reclaimable);
  info.limited = true;
  info.total = std::min(info.total, *limit);
  info.available = std::min(info.available, *limit - std::min(*limit, taken));
}

/// Applies the limits of a group and of all above it. Inside a container the path may name a group of the host that
/// cannot be seen from here; the walk up then ends at what can, the container's own.
void apply_limits(const Path& root, const Controller& names, const std::string& group, MemoryInfo& info) {
  const std::uint64_t machine = info.total;
  for (Path path = group;; path = path.parent_path()) {
    apply_limit(root / names.mount / path.relative_path(), names, machine, info);
    if (path == path.parent_path()) return;
  }
}

bool lists_memory(const std::string& controllers) {
  return ("," + controllers + ",").find(",memory,") != std::string::npos;
}

}  // namespace

MemoryInfo memory_info(const Path& root) {
  constexpr std::uint64_t kKib = 1024;
  const Path meminfo = root / "proc/meminfo";
  MemoryInfo info;
  info.total = number_after(meminfo, "MemTotal:").value_or(0) * kKib;
  info.available = number_after(meminfo, "MemAvailable:").value_or(0) * kKib;

  std::ifstream groups(root / "proc/self/cgroup");
  std::string line;  // "4:memory:/group" or, in version 2, "0::/group"
  while (std::getline(groups, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    if (lists_memory(controllers)) apply_limits(root, kVersion1, group, info);
    if (controllers.empty()) apply_limits(root, kVersion2, group, info);
  }
  return info;
}

std::uint32_t processor_count() noexcept {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&allowed));
  return std::max(1u, std::thread::hardware_concurrency());  // more processors than a cpu_set_t holds
}

ResidentMemory resident_memory() {
  constexpr std::uint64_t kKib = 1024;
  return {.now = number_after("/proc/self/status", "VmRSS:").value_or(0) * kKib,
          .peak = number_after("/proc/self/status", "VmHWM:").value_or(0) * kKib};
}

void give_back_freed() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace nearline::io
