// SPDX-License-Identifier: Apache-2.0
#include "tests/support/said.h"

#include <algorithm>

namespace nearline::testing {
namespace {

enum Column : std::size_t { kYear, kPrice, kSold, kLang, kTags };

using Truth = std::optional<bool>;
using Holds = std::function<Truth(Id, const std::vector<Value>&)>;

constexpr const char* kLanguages[] = {"de", "en", "en-GB", "fr", "it's", "\xC3\xA9t\xC3\xA9", "zz"};
constexpr const char* kTagNames[] = {"bio", "bio/cell", "bio/cell/wall", "bio/gene", "bip", "chem/acid", "chem"};

std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) {
  return random() % bound;
}

template <std::size_t N>
std::string one_of(std::mt19937_64& random, const char* const (&words)[N]) {
  return words[below(random, N)];
}

std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

/// A leaf over one column: false and true are only of what is there.
RandomFilter leaf(std::string text, Column column, std::function<bool(const Value&)> is) {
  return {std::move(text), [column, is = std::move(is)](Id, const std::vector<Value>& values) -> Truth {
            if (values[column].index() == 0) return std::nullopt;
            return is(values[column]);
          }};
}

/// `x OP bound` for any ordered type.
template <class T>
std::function<bool(const T&)> compared(const std::string& op, T bound) {
  if (op == "=") return [bound](const T& x) { return x == bound; };
  if (op == "!=") return [bound](const T& x) { return x != bound; };
  if (op == "<") return [bound](const T& x) { return x < bound; };
  if (op == "<=") return [bound](const T& x) { return x <= bound; };
  if (op == ">") return [bound](const T& x) { return x > bound; };
  return [bound](const T& x) { return x >= bound; };
}

constexpr const char* kOperators[] = {"=", "!=", "<", "<=", ">", ">="};

/// Halves, so that they fall between whole numbers.
RandomFilter number_leaf(std::mt19937_64& random) {
  const bool year = below(random, 2) == 0;
  const auto halves = static_cast<std::int64_t>(below(random, 80)) - 20;
  const double bound = static_cast<double>(halves) / 2 + (year ? 2000 : 0);
  const std::string text = halves % 2 == 0 ? std::to_string(static_cast<std::int64_t>(bound)) : std::to_string(bound);
  const auto number = [year](const Value& value) {
    return year ? static_cast<double>(std::get<std::int64_t>(value)) : std::get<double>(value);
  };
  const std::string name = year ? "year" : "price";
  const Column column = year ? kYear : kPrice;
  if (below(random, 3) == 0) {
    const double high = bound + static_cast<double>(below(random, 12));
    return leaf(name + " between " + text + " and " + std::to_string(high), column,
                [number, bound, high](const Value& value) { return bound <= number(value) && number(value) <= high; });
  }
  const std::string op = one_of(random, kOperators);
  return leaf(name + " " + op + " " + text, column,
              [number, is = compared<double>(op, bound)](const Value& value) { return is(number(value)); });
}

RandomFilter string_leaf(std::mt19937_64& random) {
  const std::string text = one_of(random, kLanguages);
  if (below(random, 3) == 0) {
    const std::string other = one_of(random, kLanguages);
    return leaf("lang in (" + in_quotes(text) + ", " + in_quotes(other) + ")", kLang,
                [text, other](const Value& value) {
                  return std::get<std::string>(value) == text || std::get<std::string>(value) == other;
                });
  }
  const std::string op = one_of(random, kOperators);
  return leaf("lang " + op + " " + in_quotes(text), kLang,
              [is = compared<std::string>(op, text)](const Value& value) { return is(std::get<std::string>(value)); });
}

RandomFilter tag_leaf(std::mt19937_64& random) {
  const std::string tag = one_of(random, kTagNames);
  const bool star = below(random, 2) == 0;
  return leaf("tags has " + in_quotes(star ? tag + "/*" : tag), kTags, [tag, star](const Value& value) {
    return std::ranges::any_of(std::get<Tags>(value),
                               [&](const std::string& one) { return star ? one.starts_with(tag + "/") : one == tag; });
  });
}

RandomFilter null_leaf(std::mt19937_64& random) {
  constexpr const char* kNames[] = {"year", "price", "sold", "lang", "tags"};
  const auto column = below(random, 5);
  const bool negated = below(random, 2) == 0;
  return {std::string(kNames[column]) + (negated ? " is not null" : " is null"),
          [column, negated](Id, const std::vector<Value>& values) -> Truth {
            return (values[column].index() == 0) != negated;
          }};
}

RandomFilter id_leaf(std::mt19937_64& random) {
  const Id bound = below(random, 4000);
  if (below(random, 2) == 0) {
    return {"id in (" + std::to_string(bound) + ", 7, 18446744073709551614)",
            [bound](Id id, const std::vector<Value>&) -> Truth { return id == bound || id == 7 || id == ~Id{1}; }};
  }
  const std::string op = one_of(random, kOperators);
  return {"id " + op + " " + std::to_string(bound),
          [is = compared<Id>(op, bound)](Id id, const std::vector<Value>&) -> Truth { return is(id); }};
}

RandomFilter random_leaf(std::mt19937_64& random) {
  switch (below(random, 7)) {
    case 0: return string_leaf(random);
    case 1: return tag_leaf(random);
    case 2: return null_leaf(random);
    case 3: return id_leaf(random);
    case 4: return leaf("sold", kSold, [](const Value& value) { return std::get<bool>(value); });
    default: return number_leaf(random);
  }
}

}  // namespace

std::vector<Attribute> attributes_of_all_types() {
  return {{"year", AttributeType::kI64},
          {"price", AttributeType::kF64},
          {"sold", AttributeType::kBool},
          {"lang", AttributeType::kString},
          {"tags", AttributeType::kTags}};
}

std::vector<Value> random_values(std::mt19937_64& random) {
  std::vector<Value> values(5);
  const auto there = [&] { return below(random, 5) != 0; };
  if (there()) values[kYear] = static_cast<std::int64_t>(below(random, 40)) + 1990;
  if (there()) values[kPrice] = static_cast<double>(below(random, 80)) / 2 - 10;
  if (there()) values[kSold] = below(random, 3) == 0;
  if (there()) values[kLang] = one_of(random, kLanguages);
  if (there()) {
    Tags tags;
    for (std::uint64_t i = below(random, 4); i > 0; --i) tags.push_back(one_of(random, kTagNames));
    values[kTags] = std::move(tags);
  }
  return values;
}

RecordData table_of(const std::vector<std::vector<Value>>& rows, std::vector<std::string> payloads) {
  RecordData data{.names = {"tags", "lang", "sold", "price", "year"}, .payloads = std::move(payloads)};
  for (const auto& row : rows) data.values.insert(data.values.end(), row.rbegin(), row.rend());
  return data;
}

RandomFilter random_filter(std::mt19937_64& random, int depth) {
  const std::uint64_t kind = depth == 0 ? 3 : below(random, 4);
  if (kind == 3) return random_leaf(random);
  RandomFilter a = random_filter(random, depth - 1);
  if (kind == 0) {
    return {"not (" + a.text + ")", [a = a.holds](Id id, const std::vector<Value>& values) -> Truth {
              const Truth truth = a(id, values);
              return truth ? Truth(!*truth) : truth;
            }};
  }
  RandomFilter b = random_filter(random, depth - 1);
  const bool both = kind == 1;
  return {"(" + a.text + (both ? " and " : " or ") + b.text + ")",
          [a = a.holds, b = b.holds, both](Id id, const std::vector<Value>& values) -> Truth {
            const Truth x = a(id, values), y = b(id, values);
            if (x == Truth(!both) || y == Truth(!both)) return !both;  // one decides
            return x && y ? Truth(both) : std::nullopt;
          }};
}

bool same_value(Value a, Value b) {
  for (Value* one : {&a, &b}) {
    if (auto* tags = std::get_if<Tags>(one)) {
      std::ranges::sort(*tags);
      tags->erase(std::unique(tags->begin(), tags->end()), tags->end());
    }
  }
  return a == b;
}

}  // namespace nearline::testing
