// SPDX-License-Identifier: Apache-2.0
/// Which word was meant by one that is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nearline::format {

/// The one of `known` that is nearest to `word`; the first of several. Empty when none is near: when more than a third
/// of the word's letters (two at least) would have to change, and none begins with it. Dashes in front do not count.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace nearline::format
