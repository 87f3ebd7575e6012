// SPDX-License-Identifier: Apache-2.0
#include "format/page_seal.h"

#include <cstring>
#include <string>

#include "format/checksum.h"
#include "format/corrupt.h"
#include "format/graph_page.h"

namespace nearline::format {
namespace {

/// In place of a tree's level: no block has it.
constexpr std::uint32_t kSealLevel = ~std::uint32_t{0};

std::uint64_t seal_of(std::span<const std::byte> page, const FileId& file, std::uint64_t serial,
                      std::uint32_t number) noexcept {
  return block_checksum(page.first(page.size() - kSealBytes), file, serial, kSealLevel, number);
}

}  // namespace

void seal_page(std::span<std::byte> page, const FileId& file, std::uint64_t serial, std::uint32_t number) noexcept {
  const std::uint64_t seal = seal_of(page, file, serial, number);
  std::memcpy(page.last(kSealBytes).data(), &seal, kSealBytes);
}

Result<void> check_seal(std::span<const std::byte> page, const FileId& file, std::uint64_t serial, std::uint32_t number,
                        std::uint64_t at) {
  std::uint64_t seal;
  std::memcpy(&seal, page.last(kSealBytes).data(), kSealBytes);
  if (seal == seal_of(page, file, serial, number)) return {};
  return corrupt(at, "page " + std::to_string(number) + " does not match its checksum");
}

}  // namespace nearline::format
