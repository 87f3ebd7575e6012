// SPDX-License-Identifier: Apache-2.0
#include "tools/report/measure.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tools/recall.h"
#include "tools/report/curve.h"
#include "tools/report/sample.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::uint32_t kDimensionNeighbors = 100;

std::string now_text() {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

Error invalid(const ReportSetup& setup, std::string what) {
  return {Code::kInvalidArgument, std::move(what), setup.search.index.string()};
}

Result<void> check(const ReportSetup& setup, const IndexInfo& info) {
  const std::uint32_t k = setup.search.search.k;
  if (info.count == 0) return invalid(setup, "records: expected at least 1 to search for, found 0");
  if (!setup.search.queries.empty()) {
    if (k > info.count)
      return invalid(setup, fmt::format("k: expected at most {}, the number of records, found {}", info.count, k));
    return {};
  }
  if (!setup.truth.empty()) return Error{Code::kInvalidArgument, "--truth: expected --queries with it"};
  if (setup.sample == 0)
    return Error{Code::kInvalidArgument, "--sample: expected at least 1 record where no --queries is given, found 0"};
  if (k >= info.count)
    return invalid(setup, fmt::format("k: expected fewer than {}, the number of records, one of which is the query, "
                                      "found {}",
                                      info.count, k));
  return {};
}

/// One report in the making.
class Measurement {
 public:
  Measurement(const ReportSetup& setup, const ProgressFn& progress) : setup_(setup), progress_(progress) {}

  Result<Report> run() {
    NEARLINE_TRY(trial, prepare());
    report_.query_count = trial.queries.rows;
    std::vector<std::uint32_t> lengths = setup_.lengths;
    std::sort(lengths.begin(), lengths.end());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    NEARLINE_CHECK(measure_curve(setup_.search, trial, lengths, progress_, report_));
    return std::move(report_);
  }

 private:
  /// All that is not measured by the clock. Its index is closed before one is opened that is.
  Result<Trial> prepare() {
    OpenOptions any = setup_.search.open;
    any.io = IoMode::kAuto;
    any.ranking = Ranking::kExact;  // every record is compared: codes would take room for nothing
    NEARLINE_TRY(index, Index::open(setup_.search.index, any));
    describe(index);
    NEARLINE_CHECK(check(setup_, index.info()));
    OpenSearch open{std::move(index), {}, {}};
    Trial trial;
    // What does not fit is refused before the long work.
    if (!setup_.search.queries.empty()) {
      NEARLINE_CHECK(read_queries(trial));
      open.queries = trial.queries;
      NEARLINE_CHECK(search_all(open, setup_.search, {.k = k()}));  // quick, and knows the rows of the file
    }
    NEARLINE_TRY(graph, open.index.graph_statistics(progress_));
    report_.graph = std::move(graph);
    if (setup_.sample > 0) NEARLINE_CHECK(take_sample(open, trial));
    if (trial.truth.ids.empty()) {
      open.queries = trial.queries;
      NEARLINE_TRY(exact, search_exactly(open, setup_.search, k(), false, progress_));
      trial.truth = as_truth(exact, k());
    }
    return trial;
  }

  [[nodiscard]] std::uint32_t k() const noexcept { return setup_.search.search.k; }

  void describe(const Index& index) {
    report_.index = setup_.search.index;
    report_.taken = now_text();
    report_.info = index.info();
    report_.system = system_info();
    report_.k = k();
    report_.threads = thread_count(setup_.search);
    report_.batch = setup_.search.batch;
    report_.queries = setup_.search.queries;
  }

  Result<void> read_queries(Trial& trial) {
    NEARLINE_TRY(file, open_vectors(setup_.search.queries));
    const std::uint32_t dim = report_.info.schema.query_dim();
    if (file.dim() != dim)
      return Error{Code::kInvalidArgument,
                   fmt::format("dimension: expected {} as in the index, found {}", dim, file.dim()),
                   setup_.search.queries.string()};
    if (file.rows() == 0)
      return Error{Code::kBadInput, "queries: expected at least 1, found 0", setup_.search.queries.string()};
    NEARLINE_TRY(bytes, file.read_all());
    trial.bytes = std::move(bytes);
    trial.queries = {trial.bytes.data(), static_cast<std::size_t>(file.rows()), file.dim(), file.type()};
    if (setup_.truth.empty()) return {};
    NEARLINE_TRY(truth, read_truth(setup_.truth, file.rows(), k()));
    trial.truth = std::move(truth);
    return {};
  }

  /// The sample's dimensionality; and where there are no other queries, the sample is they.
  Result<void> take_sample(OpenSearch& open, Trial& trial) {
    NEARLINE_TRY(sample, sample_records(open.index, setup_.sample, setup_.seed));
    const std::uint64_t others = report_.info.count - 1;
    const std::uint64_t wanted =
        setup_.search.queries.empty() ? std::max(k(), kDimensionNeighbors) : kDimensionNeighbors;
    if (others == 0) return {};
    const auto neighbors = static_cast<std::uint32_t>(std::min(others, wanted));
    open.queries = sample.queries;
    NEARLINE_TRY(found, search_exactly(open, setup_.search, neighbors + 1, true, progress_));
    const SearchResult exact = without_own(found, sample.own);
    if (report_.info.schema.metric != Metric::kIp) {  // which is no distance
      report_.dimensions = local_dimensions(exact);
      report_.dimension_k = neighbors;
    }
    if (!setup_.search.queries.empty()) return {};
    sample.truth = as_truth(exact, k());
    trial = std::move(sample);
    return {};
  }

  const ReportSetup& setup_;
  const ProgressFn& progress_;
  Report report_;
};

}  // namespace

Result<Report> measure_report(const ReportSetup& setup, const ProgressFn& progress) {
  return Measurement(setup, progress).run();
}

}  // namespace nearline::tools
