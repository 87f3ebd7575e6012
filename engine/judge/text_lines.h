// SPDX-License-Identifier: Apache-2.0
/// Small inputs of text or of bytes, read whole: judgments, labels.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/result.h"

namespace nearline::engine {

/// Errors: kNotFound, kPermission, kIo; kBadInput where the file becomes shorter meanwhile.
Result<std::string> read_whole(const std::filesystem::path& path);

/// The lines of a text, without their ends; a last one that is empty does not count.
std::vector<std::string_view> lines_of(std::string_view text);

/// The words of a line, between blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);

}  // namespace nearline::engine
