// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/parse.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace nearline::engine {
namespace {

/// What a text means, in the form that all spellings share; or the error.
std::string meaning(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? print(normalized(*parsed)) : parsed.error().what;
}

void check_same(std::string_view a, std::string_view b) {
  CHECK(meaning(a) == meaning(b));
  CHECK(parse(a));
}

}  // namespace

TEST_SUITE("engine/filter/parse") {
  TEST_CASE("every comparison is read and printed as it was written") {
    for (const std::string text : {
             "year = 2019",
             "year != 2019",
             "year < -3",
             "price <= 0.5",
             "price > 1e+30",
             "price >= 2.0",
             "lang in ('de', 'en')",
             "lang not in ('de', 'en')",
             "tags has 'bio/cell/*'",
             "tags not has 'it''s'",
             "place is null",
             "place is not null",
             "open = true",
             "open = false",
             "id in (1, 18446744073709551614)",
             "\"in\" = 'a'",
             "\"a b\" = 'c'",
             "\"\"\"\" = ''",
             "gr\xC3\xBCn = 'blau'",
             "a.b_c9 = 1",
             "a = 1 and (b = 2 or c = 3) and d = 4",
             "a = 1 or b = 2 and c = 3",
         }) {
      CAPTURE(text);
      const auto parsed = parse(text);
      REQUIRE_MESSAGE(parsed, (parsed ? std::string() : parsed.error().what));
      CHECK(print(*parsed) == text);
    }
  }

  TEST_CASE("or binds less than and, and less than not, not less than a comparison") {
    check_same("a = 1 or b = 2 and not c = 3", "(a = 1) or ((b = 2) and (not (c = 3)))");
    check_same("not a = 1 and b = 2", "(not (a = 1)) and b = 2");
  }

  TEST_CASE("not is carried to the leaves, so that what is missing matches neither a filter nor its opposite") {
    check_same("not (year < 2019)", "year >= 2019");
    check_same("not year >= 2019", "year < 2019");
    check_same("not (a = 1 and b > 2)", "a != 1 or b <= 2");
    check_same("not (a = 1 or not b has 'x')", "a != 1 and b has 'x'");
    check_same("not not open", "open");
    check_same("not (price between 10 and 20)", "price < 10 or price > 20");
    check_same("price not between 10 and 20", "price < 10 or price > 20");
    check_same("not (place is null)", "place is not null");
  }

  TEST_CASE("spellings of one filter have one normal form") {
    check_same("b = 2 and a = 1 and b = 2", "a == 1 AND b = 2");
    check_same("x in (3, 1, 2, 1)", "x IN (1,2,3)");
    check_same("x in (7)", "x = 7");
    check_same("x not in (7)", "x <> 7");
    check_same("open and not shut", "open = true and shut != true");
    check_same("(a = 1 and b = 2) and (c = 3 and a = 1)", "a=1 and b=2 and c=3");
    check_same("c = 3 or ((a = 1 or b = 2) and (b = 2 or a = 1))", "a=1 or b=2 or c=3");
    check_same(" a\t=\n1 ", "a=1");
    check_same("a = +1", "a = 1");
    check_same("a = -0", "a = 0");
  }

  TEST_CASE("an error names the byte, what was expected there and what was found") {
    const std::pair<std::string, std::string> cases[] = {
        {"", "byte 0: expected the name of an attribute, 'not' or '(', found the end of the filter"},
        {"a = ", "byte 4: expected a number, a string in single quotes, true or false, found the end of the filter"},
        {"a = en", "byte 4: expected a number, a string in single quotes, true or false, found the name en"},
        {"a = \"en\"", "byte 4: expected a number, a string in single quotes, true or false, found the name en"},
        {"a = 'en", "byte 4: expected a closing ', found the end of the filter"},
        {"\"\" = 1", "byte 0: expected a name, found nothing between its quotes"},
        {"a = 1 b = 2", "byte 6: expected 'and', 'or' or the end of the filter, found the name b"},
        {"a = 1 and", "byte 9: expected the name of an attribute, 'not' or '(', found the end of the filter"},
        {"(a = 1", "byte 6: expected ')', found the end of the filter"},
        {"a = 1)", "byte 5: expected 'and', 'or' or the end of the filter, found ')'"},
        {"a between 1 or 2", "byte 12: expected 'and', found 'or'"},
        {"a in 1", "byte 5: expected '(', found a number"},
        {"a in ()", "byte 6: expected a number, a string in single quotes, true or false, found ')'"},
        {"a in (1 2)", "byte 8: expected ',' or ')', found a number"},
        {"a has 3", "byte 6: expected a string, found a number"},
        {"a is 3", "byte 5: expected 'null', found a number"},
        {"a not = 3", "byte 6: expected 'between', 'in' or 'has', found '='"},
        {"a = 1e999", "byte 4: expected a number, found 1e999"},
        {"a = 5x", "byte 4: expected a number, found 5x"},
        {"a = 18446744073709551616", "byte 4: expected an integer of 64 bits, found 18446744073709551616"},
        {"a = -9223372036854775809", "byte 4: expected an integer of 64 bits, found -9223372036854775809"},
        {"a & 1", "byte 2: expected a name, a value, a comparison or a parenthesis, found '&'"},
        {"a = '\xFF'", "byte 5: expected UTF-8, found other bytes"},
    };
    for (const auto& each : cases) {
      CAPTURE(each.first);
      const auto parsed = parse(each.first);
      REQUIRE_FALSE(parsed);
      CHECK(parsed.error().code == Code::kInvalidArgument);
      CHECK(parsed.error().what == "filter, " + each.second);
    }
  }

  TEST_CASE("64 levels are read, and a deeper filter or a longer text is an error") {
    const auto nested = [](std::size_t levels) {
      return std::string(levels, '(') + "a = 1" + std::string(levels, ')');
    };
    CHECK(parse(nested(64)));
    CHECK(meaning(nested(65)) == "filter, byte 64: expected at most 64 levels, found a deeper one");
    CHECK_FALSE(parse(nested(100'000)));
    std::string nots;
    for (int i = 0; i < 65; ++i) nots += "not ";
    CHECK_FALSE(parse(nots + "a = 1"));
    const std::string longest = "a = '" + std::string(kMaxFilterBytes - 6, 'x') + "'";
    CHECK(parse(longest));
    CHECK(meaning(longest + " ") == "filter, byte 1048576: expected at most 1048576 bytes, found 1048577");
  }
}

}  // namespace nearline::engine
