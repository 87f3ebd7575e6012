// SPDX-License-Identifier: Apache-2.0
/// Where a page of answers ended, as text that a server can give away: which index and commit, which query, and the
/// last answer. Base64url of 54 bytes, little-endian, the last six a checksum of the others. It guards against
/// mistakes, not against forgery: whoever reads a token trusts nothing in it that could do harm.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

struct PageToken {
  std::uint64_t file = 0;  ///< hash of the file's id
  std::uint64_t generation = 0;
  std::uint64_t query = 0;  ///< hash of the query and of what the answers depend on
  std::uint64_t given = 0;  ///< answers so far
  float distance = 0;       ///< of the last of them
  Id id = 0;

  friend bool operator==(const PageToken&, const PageToken&) = default;
};

inline constexpr std::size_t kPageTokenLetters = 72;

std::string encode(const PageToken& token);

/// Errors: kInvalidArgument for text that `encode` never makes.
Result<PageToken> decode_page_token(std::string_view text);

}  // namespace nearline::engine
