// SPDX-License-Identifier: Apache-2.0
#include "tools/codes_in_use.h"

#include <fmt/format.h>

#include "tools/console.h"

namespace nearline::tools {

std::string codes_in_use_text(const Index& index) {
  const MemoryUsage memory = index.memory_usage();
  const std::string all =
      memory.budget < memory.bytes_for_all_codes
          ? fmt::format("; {} hold all of the codes", bytes_text(static_cast<double>(memory.bytes_for_all_codes)))
          : "";
  if (index.ranking() == Ranking::kExact) return "ranking by distance" + all;
  return fmt::format("ranking by codes, {} of {} bytes of each in memory{}", memory.resident_code_bytes,
                     memory.code_bytes, all);
}

JsonLine& put_codes_in_use(JsonLine& line, const Index& index) {
  const MemoryUsage memory = index.memory_usage();
  line.put("ranking", name(index.ranking())).put("code_bytes", memory.code_bytes);
  line.put("resident_code_bytes", memory.resident_code_bytes);
  return line.put("bytes_for_all_codes", memory.bytes_for_all_codes);
}

}  // namespace nearline::tools
