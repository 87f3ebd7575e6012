// SPDX-License-Identifier: Apache-2.0
/// find_clusters: a range search from every record, and what its answers connect.
#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>

#include "engine/judge/components.h"
#include "engine/parallel.h"
#include "engine/progress.h"
#include "engine/threads.h"
#include "nearline/evaluate.h"

namespace nearline {
namespace {

constexpr std::size_t kRecordsAtOnce = 1024;
constexpr std::size_t kMostQueries = 64;
/// Answers that one call shall give, so that a radius which takes in all records does not hold them all times 64.
constexpr std::uint64_t kAnswersAtOnce = 1 << 20;

Result<void> check_radius(const Index& index, const ClusterOptions& options) {
  NEARLINE_TRY(info, index.info(options.field));
  const bool products = info.schema.metric == Metric::kIp || info.schema.metric == Metric::kCosine;
  if (!std::isnan(options.radius) && (products || options.radius >= 0)) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = "radius of " + std::to_string(options.radius) + ": expected a distance, which under " +
                       std::string(name(info.schema.metric)) + " is " + (products ? "a number" : "0 or more")};
}

/// Ids that take part, ascending: all of the field, or those that match.
Result<std::vector<Id>> taking_part(const Index& index, const ClusterOptions& options) {
  std::vector<Id> ids;
  const auto add = [&ids](std::span<const Id> some, const MatrixView&) -> Result<void> {
    ids.insert(ids.end(), some.begin(), some.end());
    return {};
  };
  NEARLINE_CHECK(index.for_each(kRecordsAtOnce, add, options.field));
  if (options.filter.empty()) return ids;
  NEARLINE_TRY(matching, index.matching_ids(options.filter));
  std::erase_if(ids, [&](Id id) { return !std::binary_search(matching.begin(), matching.end(), id); });
  return ids;
}

class ClusterSearch {
 public:
  ClusterSearch(const Index& index, const ClusterOptions& options, const Schema& schema, std::vector<Id> ids)
      : index_(index), options_(options), dim_(schema.dim), type_(schema.type), components_(ids.size()) {
    found_.ids = std::move(ids);
    range_.radius = options.radius;
    range_.exact = options.exact;
    range_.recall = options.recall;
    range_.l = options.l;
    range_.filter = options.filter;
    range_.as_stored = true;
    range_.field = options.field;
  }

  Result<Clusters> run(unsigned threads) && {
    const std::vector<Id>& ids = found_.ids;
    std::vector<std::byte> vectors;
    for (std::size_t first = 0; first < ids.size(); first += kRecordsAtOnce) {
      NEARLINE_CHECK(engine::report(options_.progress, {"connect", first, ids.size()}));
      const auto some = std::span(ids).subspan(first, std::min(kRecordsAtOnce, ids.size() - first));
      vectors.resize(some.size() * vector_bytes(type_, dim_));
      NEARLINE_CHECK(index_.get(some, vectors, options_.field));
      NEARLINE_CHECK(search(first, {vectors.data(), some.size(), dim_, type_}, threads));
    }
    found_.of = components_.numbers(found_.sizes);
    return std::move(found_);
  }

 private:
  /// Connects records [first, first + rows.rows) with what lies around them.
  Result<void> search(std::size_t first, const MatrixView& rows, unsigned threads) {
    const std::size_t step = std::clamp<std::size_t>(
        static_cast<std::size_t>(kAnswersAtOnce /
                                 std::max<std::uint64_t>(1, answers_ / std::max<std::size_t>(1, first))),
        1, kMostQueries);
    std::mutex mutex;
    Result<void> outcome;
    engine::parallel_for(rows.rows, step, threads, [&](std::size_t begin, std::size_t end, unsigned) {
      {
        const std::scoped_lock lock(mutex);
        if (!outcome) return;
      }
      auto near = index_.range_search({rows.row(begin), end - begin, rows.dim, rows.type}, range_);
      const std::scoped_lock lock(mutex);
      if (near) {
        connect(first + begin, *near);
      } else if (outcome) {
        outcome = std::move(near).error();
      }
    });
    return outcome;
  }

  void connect(std::size_t first, const RangeResult& near) {
    found_.expected_recall = std::min(found_.expected_recall, near.expected_recall);
    answers_ += near.ids.size();
    for (std::size_t row = 0; row + 1 < near.offsets.size(); ++row) {
      for (std::uint64_t i = near.offsets[row]; i < near.offsets[row + 1]; ++i) {
        const auto place = std::lower_bound(found_.ids.begin(), found_.ids.end(), near.ids[i]) - found_.ids.begin();
        const auto other = static_cast<std::size_t>(place);
        // Each pair counts once where its larger end finds it, which it does but for what searches miss.
        if (other < first + row) ++found_.pairs;
        if (other < found_.ids.size()) components_.connect(first + row, other);
      }
    }
  }

  const Index& index_;
  const ClusterOptions& options_;
  std::uint32_t dim_;
  ElementType type_;
  RangeOptions range_;
  engine::Components components_;
  Clusters found_;
  std::uint64_t answers_ = 0;
};

}  // namespace

Result<Clusters> find_clusters(const Index& index, const ClusterOptions& options) {
  NEARLINE_CHECK(engine::check_threads(options.threads));
  NEARLINE_CHECK(check_radius(index, options));
  NEARLINE_TRY(info, index.info(options.field));
  NEARLINE_TRY(ids, taking_part(index, options));
  return ClusterSearch(index, options, info.schema, std::move(ids)).run(engine::thread_count(options.threads));
}

}  // namespace nearline
