// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "engine/filter/expression.h"
#include "engine/filter/tokens.h"

namespace nearline::engine {
namespace {

using Kind = Expression::Kind;

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out += quote;
}

/// A name needs quotes unless it is read as one name without them.
std::string print_name(const std::string& name) {
  Tokens tokens(name);
  const auto first = tokens.next();
  const bool plain = first && first->kind == Token::Kind::kName && first->text == name;
  return plain ? name : in_quotes(name, '"');
}

/// The shortest digits that read as the same number, and always as a real one.
std::string print_real(double real) {
  char digits[40];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, real).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string print_literal(const Literal& literal) {
  if (const bool* truth = std::get_if<bool>(&literal)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<Integer>(&literal)) {
    return (integer->negative ? "-" : "") + std::to_string(integer->magnitude);
  }
  if (const double* real = std::get_if<double>(&literal)) return print_real(*real);
  return in_quotes(std::get<std::string>(literal), '\'');
}

std::string_view symbol(const Expression& e) noexcept {
  switch (e.kind) {
    case Kind::kLess: return " < ";
    case Kind::kLessEqual: return " <= ";
    case Kind::kGreater: return " > ";
    case Kind::kGreaterEqual: return " >= ";
    case Kind::kHas: return e.negated ? " not has " : " has ";
    default: return e.negated ? " != " : " = ";
  }
}

std::string print_leaf(const Expression& e) {
  const std::string name = print_name(e.name);
  if (e.kind == Kind::kNearer || e.kind == Kind::kWithin) {
    const char* const within = e.kind == Kind::kNearer ? ") < " : ") <= ";
    const char* const beyond = e.kind == Kind::kNearer ? ") >= " : ") > ";
    return "distance(" + name + ", " + print_literal(e.values[0]) + ", " + print_literal(e.values[1]) +
           (e.negated ? beyond : within) + print_literal(e.values[2]) + "m";
  }
  if (e.kind == Kind::kNull) return name + (e.negated ? " is not null" : " is null");
  if (e.kind != Kind::kIn) return name + std::string(symbol(e)) + print_literal(e.values.front());
  std::string text = name + (e.negated ? " not in (" : " in (");
  for (std::size_t i = 0; i < e.values.size(); ++i) text += (i > 0 ? ", " : "") + print_literal(e.values[i]);
  return text + ")";
}

}  // namespace

std::string print(const Expression& expression) {
  if (expression.kind != Kind::kAnd && expression.kind != Kind::kOr) return print_leaf(expression);
  const bool all = expression.kind == Kind::kAnd;
  std::string text;
  for (std::size_t i = 0; i < expression.parts.size(); ++i) {
    const Expression& part = expression.parts[i];
    if (i > 0) text += all ? " and " : " or ";
    text += part.kind == Kind::kOr ? "(" + print(part) + ")" : print(part);
  }
  return text;
}

Expression normalized(Expression expression) {
  const bool ordered = expression.kind == Kind::kNearer || expression.kind == Kind::kWithin;
  if (!ordered) {
    std::sort(expression.values.begin(), expression.values.end());
    expression.values.erase(std::unique(expression.values.begin(), expression.values.end()), expression.values.end());
  }
  if (expression.kind == Kind::kIn && expression.values.size() == 1) expression.kind = Kind::kEqual;
  std::map<std::string, Expression> parts;
  for (Expression& part : expression.parts) {
    Expression better = normalized(std::move(part));
    if (better.kind != expression.kind || better.parts.empty()) {
      std::string text = print(better);
      parts.emplace(std::move(text), std::move(better));
      continue;
    }
    for (Expression& inner : better.parts) {  // what was left of an alternative
      std::string text = print(inner);
      parts.emplace(std::move(text), std::move(inner));
    }
  }
  expression.parts.clear();
  for (auto& [text, part] : parts) expression.parts.push_back(std::move(part));
  return expression.parts.size() == 1 ? Expression(std::move(expression.parts.front())) : std::move(expression);
}

}  // namespace nearline::engine
