// SPDX-License-Identifier: Apache-2.0
#include "tools/id_source.h"

#include <algorithm>
#include <charconv>

#include "nearline/vector_file.h"

namespace nearline::tools {

std::optional<std::string> IdSource::set(const std::string& text) {
  file_.clear();
  listed_.clear();
  if (text.empty() || text.find_first_not_of("0123456789,") != std::string::npos) {
    file_ = text;
    return text.empty() ? std::optional<std::string>("expected ids, or the name of a file") : std::nullopt;
  }
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    Id id = kNoId;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, id);
    if (error != std::errc{} || id == kNoId)
      return "expected ids from 0 to 18446744073709551614 with commas between them, or the name of a file";
    listed_.push_back(id);
    at = end + 1;
  }
  return std::nullopt;
}

Result<std::vector<Id>> IdSource::read() const {
  if (!file_.empty()) return read_ids(file_);
  return listed_;
}

}  // namespace nearline::tools
