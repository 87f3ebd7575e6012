// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/plan.h"

#include <array>
#include <charconv>
#include <cstring>

#include "bindings/sqlite/conditions.h"

namespace nearline::sqlite {
namespace {

using What = Term::What;

// A search costs what some hundred rows of another table do, so that it comes first in a join. All that reads the whole
// table costs more than any search: of OR the search stays whole.
constexpr double kCostOfIds = 10, kCostOfSearch = 1000, kCostOfScan = 1e6;

bool is_limit(int op) noexcept {
  return op == SQLITE_INDEX_CONSTRAINT_LIMIT || op == SQLITE_INDEX_CONSTRAINT_OFFSET;
}

bool is_order(int op) noexcept {
  return op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_LT ||
         op == SQLITE_INDEX_CONSTRAINT_LE;
}

/// The constraints of one call, and what becomes of them.
class Planner {
 public:
  Planner(const Table& table, sqlite3_index_info& info) : table_(table), info_(info) {}

  /// False where this order of tables does not serve: what a search needs is not known yet.
  Result<bool> plan() {
    for (int i = 0; i < info_.nConstraint; ++i) {
      if (column(i) == Columns::kVector && op(i) == SQLITE_INDEX_CONSTRAINT_MATCH && !is_limit(op(i))) {
        if (!usable(i)) return false;
        if (search_) return invalid("vector MATCH: expected one of it, found two");
        search_ = true;
      }
    }
    for (int i = 0; i < info_.nConstraint && !search_; ++i)
      by_id_ = by_id_ || (!is_limit(op(i)) && usable(i) && column(i) == Columns::kId && is_equal(i));
    for (int i = 0; i < info_.nConstraint; ++i) {
      NEARLINE_TRY(serves, take(i));
      if (!serves) return false;
    }
    if (search_) {
      NEARLINE_CHECK(plan_search());
    } else {
      info_.estimatedRows = by_id_ ? 1 : 1'000'000;
      info_.estimatedCost = by_id_ ? kCostOfIds : kCostOfScan * (terms_.empty() ? 2 : 1);
    }
    const std::string text = text_of(terms_);
    info_.idxStr = sqlite3_mprintf("%s", text.c_str());
    if (info_.idxStr == nullptr) throw std::bad_alloc();
    info_.needToFreeIdxStr = 1;
    return true;
  }

 private:
  [[nodiscard]] int column(int i) const noexcept {
    const int column = info_.aConstraint[i].iColumn;
    return column < 0 ? Columns::kId : column;
  }
  [[nodiscard]] int op(int i) const noexcept { return info_.aConstraint[i].op; }
  [[nodiscard]] bool usable(int i) const noexcept { return info_.aConstraint[i].usable != 0; }
  [[nodiscard]] bool is_equal(int i) const noexcept { return op(i) == SQLITE_INDEX_CONSTRAINT_EQ; }
  bool may_be_many(int i) noexcept {
    return op(i) == SQLITE_INDEX_CONSTRAINT_EQ && sqlite3_vtab_in(&info_, i, -1) != 0;
  }

  void add(int i, What what, bool omit) {
    const bool many = (what == What::kId || what == What::kAttribute) && may_be_many(i);
    if (many) sqlite3_vtab_in(&info_, i, 1);
    terms_.push_back({what, column(i), op(i), many});
    info_.aConstraintUsage[i].argvIndex = static_cast<int>(terms_.size());
    info_.aConstraintUsage[i].omit = omit ? 1 : 0;
  }

  /// A hidden column that says how to search.
  Result<bool> take_parameter(int i, What what, const char* name) {
    if (op(i) != SQLITE_INDEX_CONSTRAINT_EQ) return invalid(std::string(name) + ": expected " + name + " = VALUE");
    if (!search_) return invalid(std::string(name) + ": expected it beside vector MATCH");
    if (!usable(i)) return false;
    add(i, what, true);
    has_count_ = has_count_ || what == What::kCount;
    return true;
  }

  Result<bool> take(int i) {
    if (is_limit(op(i))) return true;  // of no column; SQLite counts
    const int at = column(i);
    if (at == table_.columns.k()) return take_parameter(i, What::kCount, "k");
    if (at == table_.columns.recall()) return take_parameter(i, What::kRecall, "recall");
    if (at == Columns::kVector && op(i) == SQLITE_INDEX_CONSTRAINT_MATCH) {
      add(i, What::kQuery, true);
      return true;
    }
    if (usable(i)) take_comparison(i, at);
    return true;
  }

  /// Ids and strings SQLite compares again, so that a filter may let through more of them than it should, never less.
  void take_comparison(int i, int at) {
    if (at == Columns::kId) {
      // Beside a search an id that another table gives would ask anew for each of its rows; a list of ids does not.
      if (is_order(op(i)) || (is_equal(i) && (!search_ || may_be_many(i)))) add(i, What::kId, false);
    } else if (table_.columns.is_attribute(at)) {
      const AttributeType type = table_.schema.attributes[static_cast<std::size_t>(at - Columns::kFirstAttribute)].type;
      const bool text = type == AttributeType::kString;
      if (text && std::strcmp(sqlite3_vtab_collation(&info_, i), "BINARY") != 0) return;
      // Of a few ids SQLite compares the rest itself; MATCH it cannot.
      if (by_id_ && op(i) != SQLITE_INDEX_CONSTRAINT_MATCH) return;
      if (is_known(type, op(i))) add(i, What::kAttribute, !text);
    } else if (at == table_.columns.distance() && search_ &&
               (op(i) == SQLITE_INDEX_CONSTRAINT_LT || op(i) == SQLITE_INDEX_CONSTRAINT_LE)) {
      has_radius_ = true;
      add(i, What::kDistance, false);
    }
  }

  Result<void> plan_search() {
    const bool ordered =
        info_.nOrderBy == 1 && info_.aOrderBy[0].iColumn == table_.columns.distance() && info_.aOrderBy[0].desc == 0;
    if (ordered) info_.orderByConsumed = 1;
    info_.estimatedRows = 25;
    info_.estimatedCost = kCostOfSearch;
    if (has_count_ || has_radius_) return {};
    return invalid("vector MATCH: expected how many (AND k = 10) or how far (AND distance <= 0.5)");
  }

  const Table& table_;
  sqlite3_index_info& info_;
  std::vector<Term> terms_;
  bool search_ = false, has_count_ = false, has_radius_ = false, by_id_ = false;
};

}  // namespace

std::string text_of(const std::vector<Term>& terms) {
  std::string text;
  for (const Term& term : terms) {
    for (const int number : {static_cast<int>(term.what), term.column, term.op, term.many ? 1 : 0})
      text += std::to_string(number) + " ";
  }
  return text;
}

std::vector<Term> terms_of(std::string_view text) {
  std::vector<Term> terms;
  while (!text.empty()) {
    std::array<int, 4> numbers{};
    for (int& number : numbers) {
      const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
      text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    }
    terms.push_back({static_cast<What>(numbers[0]), numbers[1], numbers[2], numbers[3] != 0});
  }
  return terms;
}

int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
  bool serves = true;
  const int status = guarded(&table->zErrMsg, [&]() -> Result<void> {
    NEARLINE_TRY(planned, Planner(table_of(table), *info).plan());
    serves = planned;
    return {};
  });
  return status == SQLITE_OK && !serves ? SQLITE_CONSTRAINT : status;
}

}  // namespace nearline::sqlite
