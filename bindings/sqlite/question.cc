// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/question.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "bindings/sqlite/conditions.h"

namespace nearline::sqlite {
namespace {

using What = Term::What;

/// The terms of one statement with their values, until all are known and the index can be asked.
class Question {
 public:
  explicit Question(const Table& table) : table_(table) { answers_.recall = table.options.recall; }

  Result<void> take(const Term& term, sqlite3_value* value) {
    switch (term.what) {
      case What::kQuery: return take_query(value);
      case What::kCount: return take_count(value);
      case What::kRecall: return take_recall(value);
      case What::kDistance: return take_distance(value);
      case What::kId: take_id(term, value); return {};
      case What::kAttribute: take_attribute(term, value); return {};
    }
    return {};
  }

  Result<Answers> ask() {
    if (never_) return std::move(answers_);
    if (query_.has_value()) NEARLINE_CHECK(answers_.k == 0 ? search_radius() : search_nearest());
    if (!query_.has_value()) NEARLINE_CHECK(list_ids());
    return std::move(answers_);
  }

 private:
  Result<void> take_query(sqlite3_value* value) {
    NEARLINE_TRY(vector, vector_of(table_.db, value, table_.schema));
    query_ = std::move(vector);
    return {};
  }

  Result<void> take_count(sqlite3_value* value) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const std::int64_t count = sqlite3_value_int64(value);
    if (sqlite3_value_numeric_type(value) != SQLITE_INTEGER || count < 1 || count > kMost)
      return invalid("k: expected a whole number from 1, found " + found(value));
    answers_.k = count;
    return {};
  }

  Result<void> take_recall(sqlite3_value* value) {
    const int kind = sqlite3_value_numeric_type(value);
    const double recall = sqlite3_value_double(value);
    if ((kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) || recall <= 0 || recall > 1)
      return invalid("recall: expected a share above 0, up to 1 (which is exact), found " + found(value));
    answers_.recall = recall;
    return {};
  }

  /// SQLite compares again, so that `<` may be `<=` here.
  Result<void> take_distance(sqlite3_value* value) {
    const int kind = sqlite3_value_numeric_type(value);
    if (kind == SQLITE_NULL) never_ = true;
    if (kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) return {};
    const auto radius = static_cast<float>(sqlite3_value_double(value));
    radius_ = radius_ ? std::min(*radius_, radius) : radius;
    return {};
  }

  void take_id(const Term& term, sqlite3_value* value) {
    if (term.op != SQLITE_INDEX_CONSTRAINT_EQ) {
      const bool null = sqlite3_value_type(value) == SQLITE_NULL;
      return take_condition(null ? Condition{Condition::Kind::kNever} : id_condition(term.op, value));
    }
    std::vector<Id> ids;
    for_each_value(term, value, [&](sqlite3_value* one) {
      if (const auto id = id_of(one); id && *id != kNoId) ids.push_back(*id);
    });
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids_.has_value()) {  // id = 1 AND id IN (1, 2)
      std::vector<Id> both;
      std::ranges::set_intersection(*ids_, ids, std::back_inserter(both));
      ids = std::move(both);
    }
    if (ids.empty()) never_ = true;
    ids_ = std::move(ids);
  }

  void take_attribute(const Term& term, sqlite3_value* value) {
    const Attribute& attribute =
        table_.schema.attributes[static_cast<std::size_t>(term.column - Columns::kFirstAttribute)];
    if (!term.many) return take_condition(condition_of(attribute, term.op, value));
    std::string any;
    bool left = false;
    for_each_value(term, value, [&](sqlite3_value* one) {
      const Condition condition = condition_of(attribute, SQLITE_INDEX_CONSTRAINT_EQ, one);
      left = left || condition.kind == Condition::Kind::kLeft;
      if (condition.kind == Condition::Kind::kFilter) any += (any.empty() ? "(" : " or ") + condition.filter;
    });
    if (left) return;
    take_condition(any.empty() ? Condition{Condition::Kind::kNever} : Condition{Condition::Kind::kFilter, any + ")"});
  }

  /// All values of IN, or the one there is.
  template <class Take>
  static void for_each_value(const Term& term, sqlite3_value* value, Take&& take) {
    if (!term.many) return take(value);
    sqlite3_value* one = nullptr;
    int status = sqlite3_vtab_in_first(value, &one);
    for (; status == SQLITE_OK && one != nullptr; status = sqlite3_vtab_in_next(value, &one)) take(one);
    if (status == SQLITE_NOMEM) throw std::bad_alloc();
  }

  void take_condition(const Condition& condition) {
    if (condition.kind == Condition::Kind::kNever) never_ = true;
    if (condition.kind == Condition::Kind::kFilter) filter_ += (filter_.empty() ? "" : " and ") + condition.filter;
  }

  /// The filter of a search, with the ids of a list.
  [[nodiscard]] std::string whole_filter() const {
    if (!ids_.has_value()) return filter_;
    std::string text = filter_ + (filter_.empty() ? "id in (" : " and id in (");
    for (const Id id : *ids_) text += std::to_string(id) + ",";
    text.back() = ')';
    return text;
  }

  Result<void> search_nearest() {
    SearchOptions options;
    options.k = static_cast<std::uint32_t>(answers_.k);
    options.l = std::max(options.l, options.k);
    options.exact = answers_.recall == 1;
    if (!options.exact) options.recall = static_cast<float>(answers_.recall);
    options.filter = whole_filter();
    NEARLINE_TRY(found, table_.index.search(query_->row(table_.schema.dim), options));
    found.ids.resize(found.counts[0]);
    found.distances.resize(found.counts[0]);
    answers_.ids = std::move(found.ids);
    answers_.distances = std::move(found.distances);
    return {};
  }

  Result<void> search_radius() {
    if (!radius_) return invalid("vector MATCH: expected how many (k = 10) or how far (distance <= 0.5, a number)");
    RangeOptions options;
    options.radius = *radius_;
    options.exact = answers_.recall == 1;
    if (!options.exact) options.recall = static_cast<float>(answers_.recall);
    options.filter = whole_filter();
    NEARLINE_TRY(found, table_.index.range_search(query_->row(table_.schema.dim), options));
    answers_.ids = std::move(found.ids);
    answers_.distances = std::move(found.distances);
    return {};
  }

  Result<void> list_ids() {
    if (!ids_.has_value()) {
      NEARLINE_TRY(matching, table_.index.matching_ids(filter_));
      answers_.ids = std::move(matching);
      return {};
    }
    if (!filter_.empty()) {  // what else is asked of them SQLite compares, but MATCH of tags
      NEARLINE_TRY(matching, table_.index.matching_ids(whole_filter()));
      answers_.ids = std::move(matching);
      return {};
    }
    NEARLINE_TRY(there, table_.index.contains(*ids_));
    for (std::size_t i = 0; i < ids_->size(); ++i)
      if (there[i]) answers_.ids.push_back((*ids_)[i]);
    return {};
  }

  const Table& table_;
  Answers answers_;
  std::optional<Vector> query_;
  std::optional<std::vector<Id>> ids_;  // sorted
  std::optional<float> radius_;
  std::string filter_;
  bool never_ = false;  // a comparison that nothing meets
};

}  // namespace

Result<Answers> ask(const Table& table, const std::vector<Term>& terms, std::span<sqlite3_value*> values) {
  Question question(table);
  for (std::size_t i = 0; i < std::min(terms.size(), values.size()); ++i)
    NEARLINE_CHECK(question.take(terms[i], values[i]));
  return question.ask();
}

}  // namespace nearline::sqlite
