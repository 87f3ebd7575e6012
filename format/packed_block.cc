// SPDX-License-Identifier: Apache-2.0
#include "format/packed_block.h"

#include <zstd.h>

#include <cassert>

namespace nearline::format {
namespace {

constexpr int kLevel = 6;

}  // namespace

std::vector<std::byte> compress_block(std::span<const std::byte> bytes) {
  std::vector<std::byte> block(ZSTD_compressBound(bytes.size()));
  const std::size_t used = ZSTD_compress(block.data(), block.size(), bytes.data(), bytes.size(), kLevel);
  assert(ZSTD_isError(used) == 0);
  block.resize(used);
  return block;
}

std::optional<std::vector<std::byte>> open_block(std::span<const std::byte> block, std::size_t bytes) {
  // What the block says of its size is only compared: no memory is taken for one that contradicts the caller.
  const unsigned long long said = ZSTD_getFrameContentSize(block.data(), block.size());
  if (said == ZSTD_CONTENTSIZE_ERROR || (said != ZSTD_CONTENTSIZE_UNKNOWN && said != bytes)) return std::nullopt;
  std::vector<std::byte> opened(bytes);
  const std::size_t size = ZSTD_decompress(opened.data(), opened.size(), block.data(), block.size());
  if (ZSTD_isError(size) != 0 || size != bytes) return std::nullopt;
  return opened;
}

}  // namespace nearline::format
