// SPDX-License-Identifier: Apache-2.0
/// What must hold for any bytes under any extension that nearline imports. The fuzz target and the damage tests ask.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nearline::testing {

/// .npy is read as vectors, or as what stands before it.
inline constexpr std::array<std::string_view, 15> kImportedExtensions = {
    ".fbin", ".hbin",   ".u8bin", ".i8bin",  ".bbin", ".fvecs",         ".bvecs",  ".npy",
    ".ibin", ".ibin64", ".ivecs", ".u64bin", ".txt",  ".neighbors.npy", ".ids.npy"};

/// Reads the bytes as a file of that name: either an error that a person can act on, or an object all of whose rows can
/// be read and which, written again, is the same file (for .npy and text: the same values).
/// Returns the rule that does not hold, or nothing.
std::optional<std::string> importer_violation(std::string_view extension, std::span<const std::byte> bytes);

}  // namespace nearline::testing
