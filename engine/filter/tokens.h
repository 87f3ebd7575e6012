// SPDX-License-Identifier: Apache-2.0
/// The words of a filter's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/filter/expression.h"
#include "nearline/result.h"

namespace nearline::engine {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kName, kKeyword, kSymbol, kValue };

  Kind kind = Kind::kEnd;
  std::string text{};  ///< a name without quotes, a keyword in small letters, a symbol
  Literal value{};     ///< of kValue: a number or a string
  std::size_t at = 0;  ///< its first byte
};

/// "a name", "end of the filter", "'and'": a token in an error.
std::string name(const Token& token);

/// kInvalidArgument, naming the byte.
Error unexpected(std::size_t at, std::string_view expected, std::string_view found);

/// Reads the text from front to back. Borrows it.
class Tokens {
 public:
  explicit Tokens(std::string_view text) noexcept : text_(text) {}

  /// Errors: kInvalidArgument for a byte that begins no word, a quote that does not end, a number beyond 64 bits.
  Result<Token> next();

 private:
  Result<Token> quoted(char quote, Token token);
  Result<Token> number(Token token);
  Token word(Token token);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace nearline::engine
