// SPDX-License-Identifier: Apache-2.0
/// Bytes compressed by zstd, each block alone. What a block may grow to is said by who asks, never by the block.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace nearline::format {

std::vector<std::byte> compress_block(std::span<const std::byte> bytes);

/// None where the block is damaged, or is not one of so many bytes.
std::optional<std::vector<std::byte>> open_block(std::span<const std::byte> block, std::size_t bytes);

}  // namespace nearline::format
