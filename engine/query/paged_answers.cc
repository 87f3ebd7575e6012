// SPDX-License-Identifier: Apache-2.0
#include "engine/query/paged_answers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "engine/query/check_queries.h"
#include "engine/query/collector.h"
#include "engine/query/page_token.h"
#include "format/checksum.h"

namespace nearline::engine {
namespace {

/// A search for more than this part of all records compares with all of them.
constexpr std::uint64_t kLargePart = 4;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_one(const Snapshot& commit, const MatrixView& query, const SearchOptions& options) {
  if (query.rows != 1) return invalid("pages of " + std::to_string(query.rows) + " queries: expected one");
  NEARLINE_CHECK(AskedRows::of(commit, query, options));
  return {};
}

SearchOptions search_for(std::uint64_t k, const SearchOptions& options, std::uint64_t count) {
  SearchOptions search = options;
  search.k = static_cast<std::uint32_t>(k);
  const std::uint64_t l = std::uint64_t{options.l} * k / std::max(options.k, 1U);
  search.l = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max<std::uint64_t>(l, options.l), count));
  search.exact = options.exact || k > count / kLargePart;
  return search;
}

/// Searches for `k` and, as long as there are fewer than n behind those given, for more.
Result<Following> find_following(const Snapshot& commit, const MatrixView& query, const SearchOptions& options,
                                 const Given& given, std::uint64_t n, std::uint64_t k) {
  const std::uint64_t count = std::min<std::uint64_t>(commit.info().count, std::numeric_limits<std::uint32_t>::max());
  Following following;
  if (count == 0) {
    following.all = true;
    return following;
  }
  for (k = std::min(std::max(given.count + n, k), count);;) {
    auto found = commit.search(query, search_for(k, options, count));
    if (!found && found.error().code == Code::kOverBudget && given.count > 0) {
      following.no_room = true;
      return following;
    }
    if (!found) return std::move(found).error();
    add(found->stats[0], following.stats);
    following.expected_recall = found->expected_recall;
    following.hits.clear();
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < found->counts[0]; ++i) {
      const Hit hit{found->distances[i], found->ids[i]};
      given.precedes(hit) ? following.hits.push_back(hit) : void(++before);
    }
    following.late = before - std::min(before, given.count);
    following.all = k == count || found->counts[0] < k;
    if (following.all || following.hits.size() >= n) return following;
    k = std::min(count, k + 2 * (n - following.hits.size()));
  }
}

/// The first n of hits as a page; `given` moves behind them.
AnswerPage page_of(const Following& following, std::size_t at, std::uint32_t n, Given& given) {
  const auto hits = std::span(following.hits).subspan(at);
  const auto some = hits.first(std::min<std::size_t>(n, hits.size()));
  AnswerPage page;
  for (const Hit& hit : some) {
    page.ids.push_back(hit.id);
    page.distances.push_back(hit.distance);
  }
  if (!some.empty()) given.last = some.back();
  given.count += some.size();
  page.end = following.no_room || (following.all && some.size() == hits.size());
  page.expected_recall = following.expected_recall;
  page.late = following.late;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (page.end && !following.no_room) {
    page.complete_to = kInfinity;
  } else {
    // Others at the distance of the last may follow.
    const bool farther = some.size() < hits.size() && given.last.distance < hits[some.size()].distance;
    page.complete_to = farther ? given.last.distance : std::nextafter(given.last.distance, -kInfinity);
  }
  return page;
}

/// What the answers to a query depend on besides the commit.
std::uint64_t hash_of(const MatrixView& query, const SearchOptions& options) {
  struct {
    std::uint32_t type, dim, l, beam_width, exact, as_stored, prefix, walk_prefix;
    float recall;
  } const facts{static_cast<std::uint32_t>(query.type),
                query.dim,
                options.recall > 0 ? 0 : options.l,
                options.beam_width,
                options.exact ? 1U : 0U,
                options.as_stored ? 1U : 0U,
                options.prefix,
                options.walk_prefix,
                options.recall};
  const std::size_t bytes = vector_bytes(query.type, query.dim);
  std::uint64_t asked = format::hash64(std::as_bytes(std::span(&facts, 1)));
  for (const std::string& text : {options.filter, options.field}) {
    asked = format::hash64(std::as_bytes(std::span(text)), asked);
  }
  return format::hash64({query.row(0), bytes}, format::hash64(std::as_bytes(std::span(options.mask)), asked));
}

std::uint64_t hash_of(const format::FileId& file) {
  return format::hash64(std::as_bytes(std::span(file)));
}

Result<Given> given_before(std::string_view text, const PageToken& expected, std::uint64_t count) {
  if (text.empty()) return Given{};
  NEARLINE_TRY(token, decode_page_token(text));
  if (token.file != expected.file) return invalid("page token of another index: expected one that this index gave");
  if (token.generation != expected.generation) {
    return invalid("page token of commit " + std::to_string(token.generation) + ": the index is open at commit " +
                   std::to_string(expected.generation) + "; expected no token, to begin again");
  }
  if (token.query != expected.query) {
    return invalid("page token of another query or other options: expected those of the first page");
  }
  if (token.given == 0 || token.given > count) {
    return invalid("page token behind " + std::to_string(token.given) + " answers: expected 1 to " +
                   std::to_string(count));
  }
  return Given{.count = token.given, .last = {token.distance, token.id}};
}

}  // namespace

PagedAnswers::PagedAnswers(std::shared_ptr<const Snapshot> commit, const MatrixView& query,
                           const SearchOptions& options)
    : commit_(std::move(commit)), vector_(vector_bytes(query.type, query.dim)), query_(query), options_(options) {
  std::memcpy(vector_.data(), query.row(0), vector_.size());
  query_.data = vector_.data();
}

Result<PagedAnswers> PagedAnswers::begin(std::shared_ptr<const Snapshot> commit, const MatrixView& query,
                                         const SearchOptions& options) {
  SearchOptions one = options;
  one.k = 1;  // counts nothing
  NEARLINE_CHECK(check_one(*commit, query, one));
  return PagedAnswers(std::move(commit), query, options);
}

Result<AnswerPage> PagedAnswers::next(std::uint32_t n) {
  NEARLINE_CHECK(opened_by_.check());
  if (n == 0) return invalid("a page of 0 answers: expected 1 at least");
  QueryStats stats;
  if (found_.hits.size() - at_ < n && !found_.all && !found_.no_room) {
    if (given_.count == 0) options_.k = n;  // L stands for a page
    NEARLINE_TRY(found, find_following(*commit_, query_, options_, given_, n, 2 * given_.count));
    stats = found.stats;
    if (found.no_room) {
      found_.no_room = true;  // what was found before is still given
    } else {
      found_ = std::move(found);
      at_ = 0;
    }
  }
  AnswerPage page = page_of(found_, at_, n, given_);
  at_ += page.ids.size();
  page.end = found_.no_room ? at_ == found_.hits.size() : page.end;
  page.stats = stats;
  return page;
}

Result<AnswerPage> page_behind(const Snapshot& commit, const MatrixView& query, const SearchOptions& options,
                               std::string_view token) {
  const IndexInfo info = commit.info();
  NEARLINE_CHECK(check_one(commit, query, options));
  PageToken place{.file = hash_of(commit.file().superblock().file_id),
                  .generation = info.generation,
                  .query = hash_of(query, options)};
  NEARLINE_TRY(given, given_before(token, place, info.count));
  NEARLINE_TRY(following, find_following(commit, query, options, given, options.k, 0));
  AnswerPage page = page_of(following, 0, options.k, given);
  page.stats = following.stats;
  if (!page.end) {
    place.given = given.count;
    place.distance = given.last.distance;
    place.id = given.last.id;
    page.next = encode(place);
  }
  return page;
}

}  // namespace nearline::engine
