// SPDX-License-Identifier: Apache-2.0
/// What a failed system call means to the user.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "nearline/result.h"

namespace nearline::io {

/// ENOENT is kNotFound, ENOSPC is kNoSpace, ...; kIo when nothing more precise applies.
[[nodiscard]] Code code_of(int number) noexcept;

/// what: one sentence, "cannot open for reading". number: the errno.
[[nodiscard]] Error system_error(int number, std::string_view what, const std::filesystem::path& path,
                                 std::uint64_t at = Error::kNowhere);

/// An error of a file without a name, as one of the file that it serves; any other as it is.
[[nodiscard]] Error named_for(Error error, const std::filesystem::path& served);

/// kTruncated: the file ends at `at`, where `missing` more bytes were expected.
[[nodiscard]] Error ends_too_early(const std::filesystem::path& path, std::uint64_t at, std::uint64_t missing);

}  // namespace nearline::io
