// SPDX-License-Identifier: Apache-2.0
#include "tools/process_memory.h"

#include <fstream>
#include <string>

namespace nearline::tools {

std::uint64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "VmRSS:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace nearline::tools
