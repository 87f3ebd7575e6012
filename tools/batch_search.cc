// SPDX-License-Identifier: Apache-2.0
#include "tools/batch_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>

#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

/// Copies the answers to rows [first, first + part.counts.size()) of the whole.
void place(const SearchResult& part, std::size_t first, SearchResult& whole) {
  const auto at = [](std::size_t row) { return static_cast<std::ptrdiff_t>(row); };
  std::copy(part.ids.begin(), part.ids.end(), whole.ids.begin() + at(first * whole.k));
  std::copy(part.distances.begin(), part.distances.end(), whole.distances.begin() + at(first * whole.k));
  std::copy(part.counts.begin(), part.counts.end(), whole.counts.begin() + at(first));
  std::copy(part.stats.begin(), part.stats.end(), whole.stats.begin() + at(first));
}

SearchResult empty_result(std::size_t rows, std::uint32_t k) {
  SearchResult result;
  result.k = k;
  result.ids.assign(rows * k, kNoId);
  result.distances.assign(rows * k, std::numeric_limits<float>::infinity());
  result.counts.assign(rows, 0);
  result.stats.resize(rows);
  return result;
}

/// One run over all queries, shared by its threads.
struct Run {
  const MatrixView& queries;
  const Answer& answer;
  std::size_t batch;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;  // guards the two below
  std::size_t failed_row = std::numeric_limits<std::size_t>::max();
  Error error;

  [[nodiscard]] MatrixView some(std::size_t first, std::size_t rows) const {
    return {queries.row(first), rows, queries.dim, queries.type};
  }

  void work() {
    for (std::size_t first = next.fetch_add(batch); first < queries.rows; first = next.fetch_add(batch)) {
      auto answered = answer(first, some(first, std::min(batch, queries.rows - first)));
      if (answered) continue;
      const std::scoped_lock lock(mutex);
      if (first < failed_row) {
        failed_row = first;
        error = std::move(answered).error();
      }
      return;
    }
  }
};

/// With so many queries, one read of each in flight keeps the disk busy.
constexpr std::size_t kManyQueries = 16;

/// A row that cannot be searched for is the queries' fault; a recall that was not calibrated for is the index's.
Error in_file(Error error, const SearchSetup& setup, float recall) {
  const auto& file = error.code == Code::kBadInput || recall == 0 ? setup.queries : setup.index;
  const bool about_input = error.code == Code::kBadInput || error.code == Code::kInvalidArgument;
  return about_input ? std::move(error).in(file.string()) : error;
}

}  // namespace

void declare_search_setup(Args& args, SearchSetup& setup) {
  args.input("INDEX", setup.index, "the index");
  args.vectors("QUERIES", setup.queries, "vectors of the index's dimension and type; float types may be mixed");
  args.form(setup.form);
  declare_search_options(args, setup);
  args.field(setup.search.field);
}

void declare_search_options(Args& args, SearchSetup& setup) {
  args.number("-k", setup.search.k, "answers for each query", 1);
  args.filter(setup.search.filter);
  args.flag("--as-stored", setup.search.as_stored,
            "queries are vectors as get and export give them: the index's transform is not applied to them");
  args.number_or_auto("--beam-width", setup.search.beam_width, "reads that a query keeps in flight", 64);
  args.io(setup.open.io);
  args.ranking(setup.open.ranking);
  args.size("--memory", setup.open.memory_bytes, "bound on private memory: page cache, buffers, all threads");
  args.threads(setup.open.threads, "threads; auto means one a processor");
  args.untrusted(setup.open.untrusted);
  args.number("--batch", setup.batch, "queries of a thread that are interleaved; 1 takes them one by one", 1, 65'536);
}

std::uint32_t thread_count(const SearchSetup& setup) noexcept {
  return setup.open.threads != Count::kAuto ? setup.open.threads : system_info().processors;
}

Result<OpenSearch> open_search(const SearchSetup& setup) {
  NEARLINE_TRY(index, Index::open(setup.index, setup.open));
  NEARLINE_TRY(file, open_vectors(setup.queries, setup.form));
  NEARLINE_TRY(info, index.info(setup.search.field));
  const std::uint32_t dim = setup.search.as_stored ? info.schema.dim : info.schema.query_dim();
  if (file.dim() != dim)
    return Error{Code::kInvalidArgument,
                 fmt::format("dimension: expected {} as {} the index, found {}", dim,
                             dim == info.schema.dim ? "in" : "queries of", file.dim()),
                 setup.queries.string()};
  NEARLINE_CHECK(check_weights(index, setup.weights, setup.search));
  NEARLINE_TRY(bytes, file.read_all());
  OpenSearch open{std::move(index), std::move(bytes), {}};
  open.queries = {open.bytes.data(), static_cast<std::size_t>(file.rows()), file.dim(), file.type()};
  return open;
}

Result<void> answer_all(const OpenSearch& open, const SearchSetup& setup, float recall, const Answer& answer) {
  Run run{open.queries, answer, setup.batch, {}, {}, {}, {}};
  run.failed_row = open.queries.rows;
  const std::size_t batches = (open.queries.rows + setup.batch - 1) / setup.batch;
  const std::size_t threads = std::min<std::size_t>(thread_count(setup), batches);
  {
    std::vector<std::jthread> others;
    try {
      for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&run] { run.work(); });
    } catch (const std::system_error&) {  // the system gives no more threads: those that are there take all batches
    }
    run.work();
  }
  if (run.failed_row == open.queries.rows) return {};
  if (run.error.code == Code::kBadInput) {
    // The message counts rows from the batch's first. All rows are checked before any is searched: asking for the
    // rows up to the end of this batch finds the same row at once, under its own number.
    const std::size_t rows = std::min(open.queries.rows, run.failed_row + setup.batch);
    if (auto again = answer(0, run.some(0, rows)); !again) return in_file(std::move(again).error(), setup, recall);
  }
  return in_file(std::move(run.error), setup, recall);
}

std::uint32_t common_beam_width(const OpenSearch& open, std::uint32_t asked) noexcept {
  if (asked != Count::kAuto) return asked;
  return open.index.ranking() == Ranking::kCodes && open.queries.rows >= kManyQueries ? 1 : 4;
}

Result<SearchResult> search_all(const OpenSearch& open, const SearchSetup& setup, const SearchOptions& options) {
  SearchOptions same = options;
  same.beam_width = common_beam_width(open, options.beam_width);
  SearchResult result = empty_result(open.queries.rows, options.k);
  std::mutex mutex;
  NEARLINE_CHECK(
      answer_all(open, setup, options.recall, [&](std::size_t first, const MatrixView& some) -> Result<void> {
        NEARLINE_TRY(part, open.index.search(some, same));
        place(part, first, result);
        const std::scoped_lock lock(mutex);
        result.expected_recall = std::min(result.expected_recall, part.expected_recall);
        result.matches = part.matches;
        result.filter_reads += part.filter_reads;
        result.explanation = std::move(part.explanation);
        return {};
      }));
  return result;
}

}  // namespace nearline::tools
