// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/tokens.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace nearline::engine {
namespace {

constexpr std::array<std::string_view, 10> kKeywords{"and", "between", "false", "has", "in",
                                                     "is",  "not",     "null",  "or",  "true"};
constexpr std::array<std::string_view, 11> kSymbols{"==", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ","};

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
/// Bytes of names beyond ASCII are checked with the whole text.
bool begins_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) noexcept {
  return begins_name(c) || is_digit(c) || c == '.';
}
/// What a number may be made of, signs within an exponent included.
bool continues_number(std::string_view text, std::size_t at) noexcept {
  const char c = text[at];
  if (continues_name(c)) return true;
  return (c == '+' || c == '-') && at > 0 && (text[at - 1] == 'e' || text[at - 1] == 'E');
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

}  // namespace

std::string name(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd: return "the end of the filter";
    case Token::Kind::kName: return "the name " + token.text;
    case Token::Kind::kValue: return std::holds_alternative<std::string>(token.value) ? "a string" : "a number";
    case Token::Kind::kKeyword:
    case Token::Kind::kSymbol: break;
  }
  return "'" + token.text + "'";
}

Error unexpected(std::size_t at, std::string_view expected, std::string_view found) {
  return {.code = Code::kInvalidArgument,
          .what = "filter, byte " + std::to_string(at) + ": expected " + std::string(expected) + ", found " +
                  std::string(found)};
}

Result<Token> Tokens::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  Token token{.at = at_};
  if (at_ == text_.size()) return token;
  const char first = text_[at_];
  if (first == '\'' || first == '"') return quoted(first, std::move(token));
  if (begins_name(first)) return word(std::move(token));
  const bool sign = (first == '-' || first == '+') && at_ + 1 < text_.size();
  if (const char digit = sign ? text_[at_ + 1] : first; is_digit(digit) || digit == '.')
    return number(std::move(token));
  const std::string_view rest = text_.substr(at_);
  for (const std::string_view symbol : kSymbols) {
    if (!rest.starts_with(symbol)) continue;
    at_ += symbol.size();
    token.kind = Token::Kind::kSymbol;
    token.text = symbol == "==" ? "=" : symbol == "<>" ? "!=" : symbol;
    return token;
  }
  return unexpected(at_, "a name, a value, a comparison or a parenthesis", "'" + std::string(1, first) + "'");
}

/// A string in single quotes or a name in double ones; the quote itself is written twice.
Result<Token> Tokens::quoted(char quote, Token token) {
  std::string inside;
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] != quote) {
      inside += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
      inside += text_[at_++];
    } else {
      ++at_;
      if (quote == '\'') {
        token.kind = Token::Kind::kValue;
        token.value = std::move(inside);
      } else {
        if (inside.empty()) return unexpected(token.at, "a name", "nothing between its quotes");
        token.kind = Token::Kind::kName;
        token.text = std::move(inside);
      }
      return token;
    }
  }
  return unexpected(token.at, std::string("a closing ") + quote, "the end of the filter");
}

Token Tokens::word(Token token) {
  const std::size_t begin = at_;
  while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
  token.text = text_.substr(begin, at_ - begin);
  const std::string small = lower(token.text);
  const bool keyword = std::find(kKeywords.begin(), kKeywords.end(), small) != kKeywords.end();
  token.kind = keyword ? Token::Kind::kKeyword : Token::Kind::kName;
  if (keyword) token.text = small;
  return token;
}

Result<Token> Tokens::number(Token token) {
  const std::size_t begin = at_++;
  while (at_ < text_.size() && continues_number(text_, at_)) ++at_;
  std::string_view all = text_.substr(begin, at_ - begin);
  // The unit of a length is a word of its own.
  const std::size_t unit = all.ends_with("km") ? 2 : all.ends_with('m') ? 1 : 0;
  all.remove_suffix(unit);
  at_ -= unit;
  const bool negative = all.front() == '-';
  const std::string_view digits = negative || all.front() == '+' ? all.substr(1) : all;
  token.kind = Token::Kind::kValue;
  if (std::all_of(digits.begin(), digits.end(), is_digit)) {
    Integer integer{.negative = negative};
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), integer.magnitude);
    if (read.ec != std::errc() || (negative && integer.magnitude > std::uint64_t{1} << 63)) {
      return unexpected(begin, "an integer of 64 bits", all);
    }
    if (integer.magnitude == 0) integer.negative = false;
    token.value = integer;
    return token;
  }
  double real = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), real);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return unexpected(begin, "a number", all);
  token.value = negative ? -real : real;
  return token;
}

}  // namespace nearline::engine
