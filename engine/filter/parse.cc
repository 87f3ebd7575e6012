// SPDX-License-Identifier: Apache-2.0
/// Recursive descent with one token of foresight. `not` is carried down to the leaves as they are made.
#include "engine/filter/parse.h"

#include <cmath>
#include <string>
#include <utility>

#include "engine/filter/tokens.h"
#include "format/utf8.h"

namespace nearline::engine {
namespace {

using Kind = Expression::Kind;

Kind opposite(Kind kind) noexcept {
  switch (kind) {
    case Kind::kAnd: return Kind::kOr;
    case Kind::kOr: return Kind::kAnd;
    case Kind::kLess: return Kind::kGreaterEqual;
    case Kind::kLessEqual: return Kind::kGreater;
    case Kind::kGreater: return Kind::kLessEqual;
    case Kind::kGreaterEqual: return Kind::kLess;
    case Kind::kEqual:
    case Kind::kIn:
    case Kind::kHas:
    case Kind::kNull:
    case Kind::kNearer:
    case Kind::kWithin: break;
  }
  return kind;
}

/// What `not` makes of a leaf.
Expression leaf(Expression made, bool negated) {
  if (!negated) return made;
  const Kind other = opposite(made.kind);
  if (other == made.kind) made.negated = !made.negated;
  made.kind = other;
  return made;
}

void join(Expression& all, Expression part) {
  if (part.kind != all.kind) return all.parts.push_back(std::move(part));
  for (Expression& inner : part.parts) all.parts.push_back(std::move(inner));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  Result<Expression> run() {
    NEARLINE_CHECK(advance());
    NEARLINE_TRY(all, disjunction(false));
    if (token_.kind != Token::Kind::kEnd) return expected("'and', 'or' or the end of the filter");
    return all;
  }

 private:
  Result<void> advance() {
    NEARLINE_TRY(token, tokens_.next());
    token_ = std::move(token);
    return {};
  }

  [[nodiscard]] Error expected(std::string_view what) const { return unexpected(token_.at, what, name(token_)); }
  [[nodiscard]] bool sees(Token::Kind kind, std::string_view text) const {
    return token_.kind == kind && token_.text == text;
  }
  [[nodiscard]] bool sees_word(std::string_view text) const { return sees(Token::Kind::kKeyword, text); }
  [[nodiscard]] bool sees_symbol(std::string_view text) const { return sees(Token::Kind::kSymbol, text); }

  Result<void> take_symbol(std::string_view text) {
    if (!sees_symbol(text)) return expected("'" + std::string(text) + "'");
    return advance();
  }
  Result<void> take_word(std::string_view text) {
    if (!sees_word(text)) return expected("'" + std::string(text) + "'");
    return advance();
  }

  Result<Expression> disjunction(bool negated) { return chain("or", negated, Kind::kOr, &Parser::conjunction); }
  Result<Expression> conjunction(bool negated) { return chain("and", negated, Kind::kAnd, &Parser::term); }

  Result<Expression> chain(std::string_view word, bool negated, Kind kind, Result<Expression> (Parser::*part)(bool)) {
    NEARLINE_TRY(first, (this->*part)(negated));
    if (!sees_word(word)) return first;
    Expression all{.kind = negated ? opposite(kind) : kind};
    join(all, std::move(first));
    while (sees_word(word)) {
      NEARLINE_CHECK(advance());
      NEARLINE_TRY(next, (this->*part)(negated));
      join(all, std::move(next));
    }
    return all;
  }

  Result<Expression> term(bool negated) {
    if (!sees_word("not") && !sees_symbol("(")) return comparison(negated);
    NEARLINE_CHECK(check_depth());
    ++depth_;
    auto inner = sees_word("not") ? negation(negated) : parenthesis(negated);
    --depth_;
    return inner;
  }

  [[nodiscard]] Result<void> check_depth() const {
    if (depth_ < kMaxFilterDepth) return {};
    return unexpected(token_.at, "at most " + std::to_string(kMaxFilterDepth) + " levels", "a deeper one");
  }

  Result<Expression> negation(bool negated) {
    NEARLINE_CHECK(advance());
    return term(!negated);
  }

  Result<Expression> parenthesis(bool negated) {
    NEARLINE_CHECK(advance());
    NEARLINE_TRY(inner, disjunction(negated));
    NEARLINE_CHECK(take_symbol(")"));
    return inner;
  }

  Result<Expression> comparison(bool negated) {
    if (token_.kind != Token::Kind::kName) return expected("the name of an attribute, 'not' or '('");
    Expression made{.name = token_.text, .at = token_.at};
    NEARLINE_CHECK(advance());
    if (made.name == "distance" && sees_symbol("(")) return distance(std::move(made), negated);
    if (sees_word("is")) return null(std::move(made), negated);
    const bool inverted = sees_word("not");
    if (inverted) NEARLINE_CHECK(advance());
    negated ^= inverted;
    if (sees_word("between")) return between(std::move(made), negated);
    if (sees_word("in")) return list(std::move(made), negated);
    if (sees_word("has")) return has(std::move(made), negated);
    if (inverted) return expected("'between', 'in' or 'has'");
    if (token_.kind == Token::Kind::kSymbol && token_.text != "(" && token_.text != ")" && token_.text != ",") {
      return compared(std::move(made), negated);
    }
    made.kind = Kind::kEqual;
    made.values.emplace_back(true);
    return leaf(std::move(made), negated);
  }

  Result<Expression> null(Expression made, bool negated) {
    NEARLINE_CHECK(advance());
    if (sees_word("not")) {
      NEARLINE_CHECK(advance());
      negated = !negated;
    }
    NEARLINE_CHECK(take_word("null"));
    made.kind = Kind::kNull;
    return leaf(std::move(made), negated);
  }

  Result<Expression> compared(Expression made, bool negated) {
    const std::string symbol = token_.text;
    NEARLINE_CHECK(advance());
    made.kind = symbol == "<"    ? Kind::kLess
                : symbol == "<=" ? Kind::kLessEqual
                : symbol == ">"  ? Kind::kGreater
                : symbol == ">=" ? Kind::kGreaterEqual
                                 : Kind::kEqual;
    NEARLINE_TRY(value, literal());
    made.values.push_back(std::move(value));
    return leaf(std::move(made), negated != (symbol == "!="));
  }

  Result<Expression> between(Expression made, bool negated) {
    if (negated) NEARLINE_CHECK(check_depth());  // it is a parenthesis when it is printed
    NEARLINE_CHECK(advance());
    NEARLINE_TRY(low, literal());
    NEARLINE_CHECK(take_word("and"));
    NEARLINE_TRY(high, literal());
    Expression from = made, to = std::move(made);
    from.kind = Kind::kGreaterEqual;
    from.values.push_back(std::move(low));
    to.kind = Kind::kLessEqual;
    to.values.push_back(std::move(high));
    Expression both{.kind = negated ? Kind::kOr : Kind::kAnd};
    both.parts.push_back(leaf(std::move(from), negated));
    both.parts.push_back(leaf(std::move(to), negated));
    return both;
  }

  Result<double> number() {
    double number = 0;
    const auto* const integer = std::get_if<Integer>(&token_.value);
    if (token_.kind == Token::Kind::kValue && integer != nullptr) {
      number = (integer->negative ? -1 : 1) * static_cast<double>(integer->magnitude);
    } else if (token_.kind == Token::Kind::kValue && std::holds_alternative<double>(token_.value)) {
      number = std::get<double>(token_.value);
    } else {
      return expected("a number");
    }
    NEARLINE_CHECK(advance());
    return number + 0.0;  // no -0.0, which would be another text
  }

  /// distance(PLACE, LATITUDE, LONGITUDE) < METRES m: `made` has no name yet.
  Result<Expression> distance(Expression made, bool negated) {
    NEARLINE_CHECK(advance());
    if (token_.kind != Token::Kind::kName) return expected("the name of an attribute");
    made.name = token_.text;
    NEARLINE_CHECK(advance());
    for (int i = 0; i < 2; ++i) {
      NEARLINE_CHECK(take_symbol(","));
      NEARLINE_TRY(degrees, number());
      made.values.emplace_back(degrees);
    }
    NEARLINE_CHECK(take_symbol(")"));
    const bool less = sees_symbol("<") || sees_symbol("<="), more = sees_symbol(">") || sees_symbol(">=");
    if (!less && !more) return expected("'<', '<=', '>' or '>='");
    made.kind = sees_symbol("<") || sees_symbol(">=") ? Kind::kNearer : Kind::kWithin;
    NEARLINE_CHECK(advance());
    const std::size_t at = token_.at;
    NEARLINE_TRY(length, number());
    const bool kilometres = sees(Token::Kind::kName, "km");
    if (!kilometres && !sees(Token::Kind::kName, "m")) return expected("'m' or 'km'");
    NEARLINE_CHECK(advance());
    if (kilometres) length *= 1000;
    if (!(length >= 0) || std::isinf(length)) return unexpected(at, "a length from 0 on", "another number");
    made.values.emplace_back(length);
    return leaf(std::move(made), negated != more);
  }

  Result<Expression> list(Expression made, bool negated) {
    NEARLINE_CHECK(advance());
    NEARLINE_CHECK(take_symbol("("));
    made.kind = Kind::kIn;
    for (;;) {
      NEARLINE_TRY(value, literal());
      made.values.push_back(std::move(value));
      if (!sees_symbol(",")) break;
      NEARLINE_CHECK(advance());
    }
    if (!sees_symbol(")")) return expected("',' or ')'");
    NEARLINE_CHECK(advance());
    return leaf(std::move(made), negated);
  }

  Result<Expression> has(Expression made, bool negated) {
    NEARLINE_CHECK(advance());
    if (token_.kind != Token::Kind::kValue || !std::holds_alternative<std::string>(token_.value)) {
      return expected("a string");
    }
    made.kind = Kind::kHas;
    made.values.push_back(std::move(token_.value));
    NEARLINE_CHECK(advance());
    return leaf(std::move(made), negated);
  }

  Result<Literal> literal() {
    Literal value;
    if (sees_word("true") || sees_word("false")) {
      value = token_.text == "true";
    } else if (token_.kind == Token::Kind::kValue) {
      value = std::move(token_.value);
    } else {
      return expected("a number, a string in single quotes, true or false");
    }
    NEARLINE_CHECK(advance());
    return value;
  }

  Tokens tokens_;
  Token token_;
  std::uint32_t depth_ = 0;
};

}  // namespace

Result<Expression> parse(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return unexpected(kMaxFilterBytes, "at most " + std::to_string(kMaxFilterBytes) + " bytes",
                      std::to_string(text.size()));
  }
  if (const std::size_t bad = format::first_bad_utf8(text); bad < text.size()) {
    return unexpected(bad, "UTF-8", "other bytes");
  }
  return Parser(text).run();
}

}  // namespace nearline::engine
