// SPDX-License-Identifier: Apache-2.0
/// Every record gets a score, the sum of what codes tell of its distance in each field: about it, or the least that it
/// can be. Records are compared in the order of their scores until none that is left can be an answer.
#include "engine/query/fusion.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "engine/query/check_queries.h"
#include "engine/query/collector.h"
#include "engine/query/joint_records.h"
#include "engine/query/matching.h"
#include "engine/space/field_schema.h"
#include "engine/walk/answers.h"

namespace nearline::engine {
namespace {

/// Records that are compared together, and how many are put in order first: nearly all searches need no more.
constexpr std::size_t kTogether = 16;
constexpr std::size_t kFirst = 1024;
/// So few are compared at once: codes of all records are looked at to leave most of them out.
constexpr std::size_t kFew = 256;
/// Standard errors that a score lies beyond the k-th answer where the search ends (docs/capabilities.md).
constexpr double kErrors = 0.5;
/// Of a field with a limit they are left out where they are likely so many standard errors beyond it.
constexpr double kErrorsOfLimits = 4;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

/// A field that counts.
struct Part {
  const Snapshot& field;
  MatrixView queries;
  double weight;
  std::optional<float> limit;
  std::span<const std::uint32_t> places;
};

/// One query over all records that may be answers.
class JointSearch {
 public:
  JointSearch(std::span<const Part> parts, std::span<const Id> ids, const FusionOptions& options, std::uint32_t k)
      : parts_(parts), ids_(ids), options_(options), k_(k), scores_(parts.size()) {}

  /// may: the records that may be answers, ascending. Those within the k nearest of them are left in hits().
  Result<void> run(std::size_t row, std::span<const std::uint32_t> may) {
    const auto started = Clock::now();
    NEARLINE_CHECK(find(row, may));
    stats_.nanoseconds = static_cast<std::uint64_t>((Clock::now() - started) / std::chrono::nanoseconds(1));
    return {};
  }

  [[nodiscard]] std::span<const Hit> hits() const noexcept { return hits_; }
  [[nodiscard]] const QueryStats& stats() const noexcept { return stats_; }
  /// Whether all that was left out is proven to be farther.
  [[nodiscard]] bool exact() const noexcept { return exact_ || options_.exact; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Scored {
    double score;
    std::uint32_t record;
    friend bool operator<(const Scored& a, const Scored& b) noexcept {
      return a.score < b.score || (a.score == b.score && a.record < b.record);
    }
  };

  Result<void> find(std::size_t row, std::span<const std::uint32_t> may) {
    row_ = row;
    stats_ = {};
    hits_.clear();
    exact_ = true;
    variances_.assign(parts_.size(), 0);
    scored_ = may.size() > kFew;
    take_all(may, scored_ ? 0 : -std::numeric_limits<double>::infinity());
    for (std::size_t p = 0; p < parts_.size() && scored_; ++p) NEARLINE_CHECK(score(p));
    by_doubt_.resize(parts_.size());
    std::iota(by_doubt_.begin(), by_doubt_.end(), std::size_t{0});
    std::ranges::sort(by_doubt_, std::greater<>{}, [&](std::size_t p) { return variances_[p]; });
    const double all = std::accumulate(variances_.begin(), variances_.end(), 0.0);
    for (std::size_t done = 0; done < order_.size();) {
      const std::size_t some = next(done);
      if (some == done) break;
      if (is_too_far(order_[done].score, all)) return {};
      NEARLINE_CHECK(compare(std::span(order_).subspan(done, some - done)));
      done = some;
    }
    return {};
  }

  /// order_: the records that may be answers, each with that score.
  void take_all(std::span<const std::uint32_t> may, double score) {
    order_.clear();
    ordered_ = 0;
    for (const std::uint32_t record : may) {
      const bool lacks =
          std::ranges::any_of(parts_, [&](const Part& part) { return part.places[record] == JointRecords::kNone; });
      if (!lacks || options_.missing) order_.push_back({score, record});
    }
  }

  /// Adds what codes tell in one field to the scores.
  Result<void> score(std::size_t p) {
    const Part& part = parts_[p];
    std::uint64_t count = 0;
    for (const auto& segment : part.field.segments()) count += segment->count();
    std::vector<float>& scores = scores_[p];
    scores.resize(count);
    const auto wanted = options_.exact ? Segment::Score::kLeast : Segment::Score::kLikely;
    std::uint64_t base = 0;
    float error = 0;
    for (const auto& segment : part.field.segments()) {
      NEARLINE_TRY(scored, segment->score(part.queries.row(row_), part.queries.type, wanted,
                                          std::span(scores).subspan(base, segment->count()), stats_));
      exact_ = exact_ && scored.exact;
      error = std::max(error, scored.error);
      base += segment->count();
    }
    variances_[p] = part.weight * part.weight * error * error;
    // What is proven, or likely, to be beyond the limit is not looked at.
    const double far = part.limit
                           ? static_cast<double>(*part.limit) + (options_.exact ? 0 : kErrorsOfLimits * double{error})
                           : std::numeric_limits<double>::infinity();
    std::erase_if(order_, [&](const Scored& one) { return score_of(p, one.record) > far; });
    for (Scored& one : order_) one.score += part.weight * score_of(p, one.record);
    return {};
  }

  /// What codes tell of one distance; that of what is missing where it is.
  [[nodiscard]] double score_of(std::size_t p, std::uint32_t record) const noexcept {
    const std::uint32_t place = parts_[p].places[record];
    if (place != JointRecords::kNone) return static_cast<double>(scores_[p][place]);
    return static_cast<double>(*options_.missing);
  }

  /// Puts more records in order where it must. Returns the end of those to be compared next.
  std::size_t next(std::size_t done) {
    if (done == ordered_) {
      const std::size_t more = std::min(order_.size(), std::max(kFirst, ordered_ * 4));
      std::partial_sort(order_.begin() + at(ordered_), order_.begin() + at(more), order_.end());
      ordered_ = more;
    }
    return std::min(done + kTogether, ordered_);
  }
  static std::ptrdiff_t at(std::size_t i) noexcept { return static_cast<std::ptrdiff_t>(i); }

  /// variance: of what is not known exactly of it.
  [[nodiscard]] bool is_too_far(double score, double variance) const noexcept {
    if (hits_.size() < k_) return false;
    const auto kth = static_cast<double>(hits_.back().distance);
    // What is exact, or a bound, may be off by the rounding of the sum alone.
    const double slack = options_.exact || exact_ ? std::abs(kth) * 1e-6 : kErrors * std::sqrt(variance);
    return score - slack > kth;
  }

  /// The records in one field after the other, those first that codes tell least of; what is too far then is left out.
  Result<void> compare(std::span<const Scored> some) {
    known_.resize(some.size() * parts_.size());
    beyond_.clear();
    for (std::size_t i = 0; i < some.size(); ++i) {
      for (std::size_t p = 0; p < parts_.size(); ++p) {
        const bool lacks = parts_[p].places[some[i].record] == JointRecords::kNone;
        if (lacks && is_beyond(p, static_cast<double>(*options_.missing)))
          beyond_.push_back(static_cast<std::uint32_t>(i));
        known_[i * parts_.size() + p] = scored_ || lacks ? parts_[p].weight * score_of(p, some[i].record) : 0;
      }
    }
    left_.resize(some.size());
    std::iota(left_.begin(), left_.end(), 0U);
    drop_beyond();
    double unknown = std::accumulate(variances_.begin(), variances_.end(), 0.0);
    for (const std::size_t p : by_doubt_) {
      NEARLINE_CHECK(add_distances(p, some));
      drop_beyond();
      unknown -= variances_[p];
      if (scored_) std::erase_if(left_, [&](std::uint32_t i) { return is_too_far(sum_of(i), std::max(unknown, 0.0)); });
    }
    for (const std::uint32_t i : left_) {
      const Hit hit{static_cast<float>(sum_of(i)), ids_[some[i].record]};
      const auto place = std::upper_bound(hits_.begin(), hits_.end(), hit);
      if (hits_.size() == k_ && place == hits_.end()) continue;
      hits_.insert(place, hit);
      if (hits_.size() > k_) hits_.pop_back();
    }
    return {};
  }

  /// Whether a distance in the field is above its limit.
  [[nodiscard]] bool is_beyond(std::size_t p, double distance) const noexcept {
    return parts_[p].limit && distance > static_cast<double>(*parts_[p].limit);
  }
  void drop_beyond() {
    if (beyond_.empty()) return;
    std::ranges::sort(beyond_);
    std::erase_if(left_, [&](std::uint32_t i) { return std::ranges::binary_search(beyond_, i); });
    beyond_.clear();
  }

  /// What is known of the i-th of those that are compared.
  [[nodiscard]] double sum_of(std::size_t i) const noexcept {
    const auto first = known_.begin() + static_cast<std::ptrdiff_t>(i * parts_.size());
    return std::accumulate(first, first + static_cast<std::ptrdiff_t>(parts_.size()), 0.0);
  }

  /// Puts the distances in one field in the place of what codes told of them.
  Result<void> add_distances(std::size_t p, std::span<const Scored> some) {
    const Part& part = parts_[p];
    std::uint64_t base = 0;
    for (const auto& segment : part.field.segments()) {
      const std::uint64_t end = base + segment->count();
      rows_.clear();
      for (const std::uint32_t i : left_) {
        const std::uint32_t place = part.places[some[i].record];
        if (place != JointRecords::kNone && place >= base && place < end) {
          rows_.emplace_back(static_cast<std::uint32_t>(place - base), i);
        }
      }
      base = end;
      if (rows_.empty()) continue;
      std::ranges::sort(rows_);
      numbers_.clear();
      for (const auto& [number, i] : rows_) numbers_.push_back(number);
      distances_.resize(rows_.size());
      NEARLINE_CHECK(segment->distances(part.queries.row(row_), part.queries.type, numbers_, distances_, stats_));
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        known_[rows_[r].second * parts_.size() + p] = part.weight * static_cast<double>(distances_[r]);
        if (is_beyond(p, static_cast<double>(distances_[r]))) beyond_.push_back(rows_[r].second);
      }
    }
    return {};
  }

  std::span<const Part> parts_;
  std::span<const Id> ids_;
  const FusionOptions& options_;
  const std::uint32_t k_;
  std::size_t row_ = 0;
  bool exact_ = true;
  QueryStats stats_;
  std::size_t ordered_ = 0;
  std::vector<Scored> order_;
  std::vector<std::vector<float>> scores_;  ///< by part and place
  std::vector<double> variances_;           ///< of the weighted scores, by part
  std::vector<std::size_t> by_doubt_;       ///< parts, the largest variance first
  std::vector<float> distances_;
  std::vector<std::uint32_t> left_;    ///< among those that are compared
  std::vector<std::uint32_t> beyond_;  ///< of them, those that were found to be beyond a limit
  bool scored_ = false;                ///< by codes; else all are compared
  std::vector<double> known_;          ///< [compared x parts]; weighted distances, or what codes tell of them
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rows_;  ///< in the segment, and among `some`
  std::vector<std::uint32_t> numbers_;
  std::vector<Hit> hits_;
};

Result<void> check_parts(const Snapshot& index, std::span<const FieldQueries> fields,
                         std::span<const std::uint32_t> numbers, const FusionOptions& options) {
  if (fields.empty()) return invalid("a search in no field: expected one at least");
  float sum = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldQueries& one = fields[i];
    const std::string& name = index.view(numbers[i]).schema().name;
    if (!(one.weight >= 0) || std::isinf(one.weight)) {
      return invalid("weight of " + std::to_string(one.weight) + " for field '" + name +
                     "': expected a finite number from 0 on");
    }
    if (one.limit && std::isnan(*one.limit)) {
      return invalid("limit for field '" + name + "' that is no number: expected a distance, or none");
    }
    if (std::ranges::find(numbers.first(i), numbers[i]) != numbers.begin() + static_cast<std::ptrdiff_t>(i)) {
      return invalid("field '" + name + "' comes twice: expected each once");
    }
    if (one.queries.rows != fields[0].queries.rows) {
      return invalid(std::to_string(one.queries.rows) + " queries for field '" + name + "': expected " +
                     std::to_string(fields[0].queries.rows) + ", as for the first");
    }
    sum += one.weight;
  }
  if (!(sum > 0)) return invalid("weights that are all 0: expected one above 0");
  if (options.missing && !std::isfinite(*options.missing)) {
    return invalid("a distance of what is missing that is no finite number: expected one, or none");
  }
  return {};
}

/// The records of the joint table that match, ascending; all without a filter.
Result<std::vector<std::uint32_t>> records_that(const Snapshot& index, const JointRecords& joint,
                                                const std::string& filter) {
  std::vector<std::uint32_t> records;
  if (filter.empty()) {
    records.resize(joint.ids().size());
    std::iota(records.begin(), records.end(), 0U);
    return records;
  }
  NEARLINE_TRY(matching, Matching::of(index, filter));
  const auto places = joint.places(kPrimaryField);
  std::vector<std::uint64_t> bases{0};
  for (const auto& segment : index.segments()) bases.push_back(bases.back() + segment->count());
  for (std::uint32_t r = 0; r < places.size(); ++r) {
    const auto behind = std::ranges::upper_bound(bases, places[r]);
    const auto s = static_cast<std::size_t>(behind - bases.begin()) - 1;
    if (matching.segment(s)->has(Row(static_cast<std::uint32_t>(places[r] - bases[s])))) records.push_back(r);
  }
  return records;
}

/// The records that a search of one query in the field finds, ascending. cost: what that took is added.
Result<std::vector<std::uint32_t>> chosen(const Snapshot& field, const MatrixView& queries, std::size_t row,
                                          const FusionOptions& options, std::span<const Id> ids, QueryStats& cost) {
  SearchOptions search{.k = std::max(options.candidates, options.k), .exact = options.exact, .filter = options.filter};
  search.l = std::max(search.l, search.k);
  NEARLINE_TRY(found, field.search({queries.row(row), 1, queries.dim, queries.type}, search));
  add(found.stats[0], cost);
  std::vector<std::uint32_t> records;
  for (std::uint32_t i = 0; i < found.counts[0]; ++i) {
    const auto at = std::ranges::lower_bound(ids, found.ids[i]);
    records.push_back(static_cast<std::uint32_t>(at - ids.begin()));
  }
  std::ranges::sort(records);
  return records;
}

}  // namespace

Result<SearchResult> search_fields(const Snapshot& index, std::span<const FieldQueries> fields,
                                   const FusionOptions& options) {
  std::vector<std::uint32_t> numbers;
  for (const FieldQueries& one : fields) {
    NEARLINE_TRY(number, find_field(index.schema(), one.field));
    numbers.push_back(number);
  }
  NEARLINE_CHECK(check_parts(index, fields, numbers, options));
  const FieldQueries* choosing = nullptr;
  if (!options.choose_by.empty()) {
    NEARLINE_TRY(number, find_field(index.schema(), options.choose_by));
    const auto at = std::ranges::find(numbers, number);
    if (at == numbers.end()) {
      return invalid("field '" + options.choose_by + "' is to choose: expected queries for it");
    }
    choosing = &fields[static_cast<std::size_t>(at - numbers.begin())];
  }
  std::vector<AskedRows> asked;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Snapshot& field = index.view(numbers[i]);
    SearchOptions search;
    search.k = options.k;
    auto rows = AskedRows::of(field, fields[i].queries, search);
    if (!rows) {
      rows.error().what = "field '" + field.schema().name + "': " + rows.error().what;
      return std::move(rows).error();
    }
    asked.push_back(*std::move(rows));
  }
  NEARLINE_TRY(joint, index.joint_records());
  std::vector<Part> parts;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].weight == 0 && !fields[i].limit) continue;
    parts.push_back({index.view(numbers[i]), fields[i].queries, static_cast<double>(fields[i].weight), fields[i].limit,
                     joint->places(numbers[i])});
  }
  std::vector<std::uint32_t> may;
  if (choosing == nullptr) {
    NEARLINE_TRY(records, records_that(index, *joint, options.filter));
    may = std::move(records);
  }
  Collector collector(fields[0].queries.rows, options.k);
  JointSearch search(parts, joint->ids(), options, options.k);
  bool exact = true;
  for (std::size_t row = 0; row < fields[0].queries.rows; ++row) {
    QueryStats cost;
    if (choosing != nullptr) {
      const std::uint32_t number = numbers[static_cast<std::size_t>(choosing - fields.data())];
      NEARLINE_TRY(some, chosen(index.view(number), choosing->queries, row, options, joint->ids(), cost));
      may = std::move(some);
      exact = false;
    }
    NEARLINE_CHECK(search.run(row, may));
    exact = exact && search.exact();
    add(search.stats(), cost);
    collector.take(row, search.hits(), cost);
  }
  collector.expect(exact ? 1.0F : 0.0F);
  SearchResult result = std::move(collector).result();
  result.matches = choosing == nullptr ? may.size() : 0;
  return result;
}

}  // namespace nearline::engine
