// SPDX-License-Identifier: Apache-2.0
/// An open index, for nearline/_index.py: all but what records say.
#include <algorithm>

#include "bindings/python/open_index.h"
#include "bindings/python/record_data.h"
#include "bindings/python/spaces.h"

namespace nearline::python {
namespace {

/// Queries of one call to the library, so that Ctrl-C is heard between them. Many enough that they keep a disk busy.
constexpr std::size_t kRowsAtOnce = 256;

template <class T>
void append(std::vector<T>& all, const std::vector<T>& part) {
  all.insert(all.end(), part.begin(), part.end());
}

/// Parts of like size: how a query is answered depends a little on whether it comes with many.
Result<SearchResult> search_in_parts(const Index& index, const MatrixView& queries, const SearchOptions& options,
                                     const Watch& watch) {
  const std::size_t parts = std::max<std::size_t>(1, (queries.rows + kRowsAtOnce - 1) / kRowsAtOnce);
  if (parts == 1) return index.search(queries, options);
  const ProgressFn progress = watch.function();
  SearchResult whole;
  whole.ids.reserve(queries.rows * options.k);
  whole.distances.reserve(queries.rows * options.k);
  for (std::size_t part = 0, first = 0; part < parts; ++part) {
    const std::size_t end = queries.rows * (part + 1) / parts;
    auto found = index.search({queries.row(first), end - first, queries.dim, queries.type}, options);
    if (!found) {
      // The rows of an error are counted from the part's first: the whole names them from the call's.
      if (found.error().code != Code::kBadInput || first == 0) return std::move(found).error();
      return index.search(queries, options);
    }
    whole.k = found->k;
    whole.matches = found->matches;
    whole.filter_reads += found->filter_reads;
    if (part == 0) whole.explanation = std::move(found->explanation);
    whole.expected_recall = std::min(whole.expected_recall, found->expected_recall);
    append(whole.ids, found->ids);
    append(whole.distances, found->distances);
    append(whole.counts, found->counts);
    append(whole.stats, found->stats);
    first = end;
    if (!progress({"search", end, queries.rows})) return Error{Code::kCancelled, "cancelled"};
  }
  return whole;
}

py::dict dict_of(const IndexInfo& info) {
  py::dict all;
  all["count"] = info.count;
  all["dim"] = info.schema.dim;
  all["dtype"] = std::string(name(info.schema.type));
  all["metric"] = std::string(name(info.schema.metric));
  all["layout"] = std::string(name(info.layout));
  all["generation"] = info.generation;
  all["segments"] = info.segments;
  all["deleted"] = info.deleted;
  all["file_bytes"] = info.file_bytes;
  all["disk_bytes"] = info.disk_bytes;
  all["free_bytes"] = info.free_bytes;
  all["format"] = std::to_string(info.format_major) + "." + std::to_string(info.format_minor);
  all["file_id"] = info.file_id;
  all["degree"] = info.degree;
  all["l_build"] = info.l_build;
  all["alpha"] = info.alpha;
  all["seed"] = info.seed;
  all["mean_degree"] = info.mean_degree;
  all["page_bytes"] = info.page_bytes;
  all["records_per_page"] = info.records_per_page;
  all["code_bytes"] = info.code_bytes;
  all["local_edge_share"] = info.local_edge_share;
  all["calibration_queries"] = info.calibration_queries;
  all["real_queries"] = info.real_queries;
  all["rolled_back"] = info.rolled_back;
  all["durable"] = info.durable;
  all["attributes"] = types_of(info.schema.attributes);
  all["field"] = info.schema.name;
  all["indexed"] = info.schema.indexed;
  return all;
}

py::tuple search(const OpenIndex& self, const py::array& queries, int type, std::uint32_t dim, std::uint32_t k,
                 std::uint32_t l, std::uint32_t beam_width, bool exact, float recall, bool stats,
                 const std::string& filter, bool explain, const py::tuple& space) {
  const auto index = self.open();
  const Watch watch{py::none()};
  SearchOptions options{
      .k = k, .l = l, .beam_width = beam_width, .exact = exact, .recall = recall, .filter = filter, .explain = explain};
  set_space(space, options);
  const MatrixView rows = matrix(queries, type, dim);
  return answers_of(watched(watch, [&] { return search_in_parts(*index, rows, options, watch); }), rows.rows, stats);
}

/// The places of ids that no record has; fills `out`.
py::array_t<std::size_t> get(const OpenIndex& self, const py::object& ids, py::array out, const std::string& field) {
  const auto index = self.open();
  const auto wanted = ids_of(ids);
  const std::span bytes(static_cast<std::byte*>(out.mutable_data()), static_cast<std::size_t>(out.nbytes()));
  const auto [report, owner] = hand_over(released([&] { return index->get(wanted, bytes, field); }));
  return view(report->absent, {static_cast<py::ssize_t>(report->absent.size())}, owner);
}

py::array_t<bool> contains(const OpenIndex& self, const py::object& ids, const std::string& field) {
  const auto index = self.open();
  const auto wanted = ids_of(ids);
  const auto there = released([&] { return index->contains(wanted, field); });
  py::array_t<bool> answer(static_cast<py::ssize_t>(there.size()));
  std::ranges::copy(there, answer.mutable_data());
  return answer;
}

/// visit: gets (ids, bytes of the vectors), copies; what it raises ends the call.
void for_each(const OpenIndex& self, std::size_t rows, const py::object& visit, const std::string& field) {
  const auto index = self.open();
  std::exception_ptr raised;
  auto done = [&] {
    const py::gil_scoped_release release;
    const auto give = [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
      const py::gil_scoped_acquire acquire;
      try {
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        const auto row = static_cast<py::ssize_t>(vector_bytes(vectors.type, vectors.dim));
        const auto count = static_cast<py::ssize_t>(vectors.rows);
        visit(py::array_t<Id>(count, ids.data()),
              py::array_t<std::uint8_t>({count, row}, reinterpret_cast<const std::uint8_t*>(vectors.data)));
        return {};
      } catch (...) {
        raised = std::current_exception();
        return Error{Code::kCancelled, "cancelled"};
      }
    };
    return index->for_each(rows, give, field);
  }();
  if (raised) std::rethrow_exception(raised);
  if (!done) raise(done.error());
}

py::array_t<Id> sample_ids(const OpenIndex& self, std::size_t count, std::uint64_t seed, const std::string& field) {
  const auto index = self.open();
  const auto [ids, owner] = hand_over(released([&] { return index->sample_ids(count, seed, field); }));
  return view(*ids, {static_cast<py::ssize_t>(ids->size())}, owner);
}

bool refresh(const OpenIndex& self) {
  const auto index = self.open();
  return released([&] { return index->refresh(); });
}

void snapshot(const OpenIndex& self, const py::bytes& output, bool replace, const py::object& progress) {
  const auto index = self.open();
  const Watch watch{progress};
  const auto file = path_of(output);
  watched(watch, [&] { return index->snapshot(file, replace, watch.function()); });
}

py::dict info(const OpenIndex& self, const std::string& field) {
  const auto index = self.open();
  const auto found = index->info(field);
  if (!found) raise(found.error());
  py::dict all = dict_of(*found);
  all["io"] = std::string(name(index->io()));
  all["ranking"] = std::string(name(index->ranking()));
  return all;
}

std::uint64_t count(const OpenIndex& self) {
  return self.open()->info().count;
}

py::dict memory_usage(const OpenIndex& self) {
  const MemoryUsage usage = self.open()->memory_usage();
  py::dict all;
  all["budget"] = usage.budget;
  all["codes"] = usage.codes;
  all["page_cache"] = usage.page_cache;
  all["buffers"] = usage.buffers;
  all["scratch"] = usage.scratch;
  all["code_bytes"] = usage.code_bytes;
  all["resident_code_bytes"] = usage.resident_code_bytes;
  all["bytes_for_all_codes"] = usage.bytes_for_all_codes;
  return all;
}

py::dict graph_statistics(const OpenIndex& self, const py::object& progress, const std::string& field) {
  const auto index = self.open();
  const Watch watch{progress};
  const GraphStatistics found = watched(watch, [&] { return index->graph_statistics(watch.function(), field); });
  py::dict all;
  all["records"] = found.records;
  all["edges"] = found.edges;
  all["local_edges"] = found.local_edges;
  all["degrees"] = py::array_t<std::uint64_t>(static_cast<py::ssize_t>(found.degrees.size()), found.degrees.data());
  all["in_degrees"] =
      py::array_t<std::uint64_t>(static_cast<py::ssize_t>(found.in_degrees.size()), found.in_degrees.data());
  all["in_degree_records"] = found.in_degree_records;
  all["in_degree_max"] = found.in_degree_max;
  all["pages"] = found.pages;
  all["vector_bytes"] = found.vector_bytes;
  all["list_bytes"] = found.list_bytes;
  all["list_spare_bytes"] = found.list_spare_bytes;
  all["head_bytes"] = found.head_bytes;
  all["fill"] = py::array_t<std::uint64_t>(static_cast<py::ssize_t>(found.fill.size()), found.fill.data());
  return all;
}

}  // namespace

OpenIndex::OpenIndex(const py::bytes& path, std::uint64_t memory, std::uint32_t threads, const std::string& io,
                     const std::string& ranking, bool untrusted) {
  const OpenOptions options{.io = io_mode_from(io).value_or(IoMode::kAuto),
                            .memory_bytes = memory,
                            .ranking = ranking_from(ranking).value_or(Ranking::kAuto),
                            .threads = threads,
                            .untrusted = untrusted};
  const auto file = path_of(path);
  index_ = std::make_shared<Index>(released([&] { return Index::open(file, options); }));
}

void OpenIndex::close() {
  auto last = std::exchange(index_, nullptr);
  const py::gil_scoped_release release;  // files are closed, memory is given back
  last.reset();
}

std::shared_ptr<Index> OpenIndex::open() const {
  if (index_ == nullptr) raise({Code::kInvalidArgument, "index: expected an open one, found one that was closed"});
  return index_;
}

py::object stats_of(const std::vector<QueryStats>& stats, const py::handle& owner) {
  [[maybe_unused]] static const bool known = [] {  // not when the module is loaded: it would load numpy
    PYBIND11_NUMPY_DTYPE(QueryStats, hops, distance_computations, estimates, page_reads, cache_hits, bytes_read,
                         nanoseconds);
    return true;
  }();
  return view(stats, {static_cast<py::ssize_t>(stats.size())}, owner);
}

py::tuple answers_of(SearchResult&& answers, std::size_t rows, bool stats) {
  const auto [found, owner] = hand_over(std::move(answers));
  const auto count = static_cast<py::ssize_t>(rows);
  const auto width = static_cast<py::ssize_t>(found->k);
  py::object costs = py::none();
  if (stats) costs = stats_of(found->stats, owner);
  py::list explanation;
  for (const std::string& line : found->explanation) explanation.append(line);
  return py::make_tuple(view(found->ids, {count, width}, owner), view(found->distances, {count, width}, owner),
                        view(found->counts, {count}, owner), costs, found->expected_recall, found->matches,
                        found->filter_reads, explanation);
}

void bind_index(py::module_& module) {
  py::class_<OpenIndex> index(module, "Index");
  index.def(py::init<const py::bytes&, std::uint64_t, std::uint32_t, const std::string&, const std::string&, bool>())
      .def("close", &OpenIndex::close)
      .def_property_readonly("closed", &OpenIndex::closed)
      .def("search", search)
      .def("get", get)
      .def("contains", contains)
      .def("for_each", for_each)
      .def("sample_ids", sample_ids)
      .def("refresh", refresh)
      .def("snapshot", snapshot)
      .def("info", info)
      .def("count", count)
      .def("memory_usage", memory_usage)
      .def("graph_statistics", graph_statistics);
  bind_answers(index, module);
  bind_spaces(index);
}

}  // namespace nearline::python
