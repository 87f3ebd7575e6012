// SPDX-License-Identifier: Apache-2.0
#include "tools/set_offsets.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace nearline::tools {
namespace {

std::uint64_t number_at(const std::vector<unsigned char>& bytes, std::size_t at, std::size_t width) {
  std::uint64_t number = 0;
  for (std::size_t i = width; i-- > 0;) number = number << 8 | bytes[at + i];
  return number;
}

}  // namespace

Result<std::vector<std::uint64_t>> read_offsets(const std::filesystem::path& path, std::uint64_t rows) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Code::kNotFound, "offsets of sets of queries: cannot be opened", path.string()};
  std::vector<unsigned char> bytes{std::istreambuf_iterator<char>(in), {}};
  const auto bad = [&](std::string what) { return Error{Code::kBadInput, std::move(what), path.string()}; };
  const std::uint64_t count = bytes.size() < 8 ? 0 : number_at(bytes, 0, 4);
  if (count < 2 || number_at(bytes, 4, 4) != 1 || bytes.size() != 8 + 8 * count) {
    return bad(fmt::format("{} bytes: expected u32 n + 1, u32 1 and n + 1 offsets of 8 bytes", bytes.size()));
  }
  std::vector<std::uint64_t> offsets;
  offsets.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = number_at(bytes, 8 + 8 * i, 8);
    const std::uint64_t least = i == 0 ? 0 : offsets.back(), most = i == 0 ? 0 : rows;
    if (offset < least || offset > most || (i + 1 == count && offset != rows)) {
      return bad(
          fmt::format("offset {} is {}: expected them to ascend from 0 to the number of queries, {}", i, offset, rows));
    }
    offsets.push_back(offset);
  }
  return offsets;
}

}  // namespace nearline::tools
