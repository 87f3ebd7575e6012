// SPDX-License-Identifier: Apache-2.0
/// What records say, which of them match a filter, all within a radius, and pages: for nearline/_index.py.
#include <algorithm>
#include <mutex>

#include "bindings/python/open_index.h"
#include "bindings/python/record_data.h"
#include "bindings/python/spaces.h"
#include "nearline/paging.h"

namespace nearline::python {
namespace {

/// What search, pages and cursors take of it in common.
SearchOptions options_of(std::uint32_t k, std::uint32_t l, std::uint32_t beam_width, bool exact, float recall,
                         const std::string& filter, const py::tuple& space) {
  SearchOptions options{.k = k, .l = l, .beam_width = beam_width, .exact = exact, .recall = recall};
  options.filter = filter;
  set_space(space, options);
  return options;
}

/// (ids, distances, end, complete_to, expected_recall, late, stats, token of the next page)
py::tuple tuple_of(AnswerPage&& page) {
  std::vector<QueryStats> stats{page.stats};
  const auto [found, owner] = hand_over(std::pair(std::move(page), std::move(stats)));
  const AnswerPage& answers = found->first;
  const auto count = static_cast<py::ssize_t>(answers.ids.size());
  return py::make_tuple(view(answers.ids, {count}, owner), view(answers.distances, {count}, owner), answers.end,
                        answers.complete_to, answers.expected_recall, answers.late, stats_of(found->second, owner),
                        answers.next);
}

/// Threads of Python may share one: their calls come one by one.
class OpenCursor {
 public:
  explicit OpenCursor(Cursor&& cursor) : cursor_(std::move(cursor)) {}

  py::tuple next(std::uint32_t count) {
    return tuple_of(released([&] {
      const std::scoped_lock lock(mutex_);
      return cursor_.next(count);
    }));
  }

 private:
  Cursor cursor_;
  std::mutex mutex_;
};

std::uint64_t count(const OpenIndex& self, const std::string& filter) {
  const auto index = self.open();
  return released([&] { return index->count(filter); });
}

py::array_t<Id> matching_ids(const OpenIndex& self, const std::string& filter) {
  const auto index = self.open();
  const auto [ids, owner] = hand_over(released([&] { return index->matching_ids(filter); }));
  return view(*ids, {static_cast<py::ssize_t>(ids->size())}, owner);
}

/// names: a list, or None for all. (list of dicts, list of bytes or None)
py::tuple data(const OpenIndex& self, const py::object& ids, const py::object& names, bool payloads) {
  const auto index = self.open();
  const auto wanted = ids_of(ids);
  DataRequest request{.names = {}, .payloads = payloads};
  if (!names.is_none()) {
    request.names.emplace();
    for (const py::handle name : py::cast<py::list>(names)) request.names->push_back(py::cast<std::string>(name));
  }
  const RecordData said = released([&] { return index->data(wanted, request); });
  py::object bytes = py::none();
  if (payloads) bytes = payloads_of(said, wanted.size());
  return py::make_tuple(dicts_of(said, wanted.size()), bytes);
}

template <class T>
void append(std::vector<T>& all, const std::vector<T>& part) {
  all.insert(all.end(), part.begin(), part.end());
}

/// As search_in_parts of index.cc, so that Ctrl-C is heard.
Result<RangeResult> range_in_parts(const Index& index, const MatrixView& queries, const RangeOptions& options,
                                   const Watch& watch) {
  constexpr std::size_t kRowsAtOnce = 256;
  if (queries.rows <= kRowsAtOnce) return index.range_search(queries, options);
  const ProgressFn progress = watch.function();
  RangeResult whole;
  whole.offsets.push_back(0);
  for (std::size_t first = 0; first < queries.rows; first += kRowsAtOnce) {
    const std::size_t rows = std::min(kRowsAtOnce, queries.rows - first);
    auto found = index.range_search({queries.row(first), rows, queries.dim, queries.type}, options);
    if (!found) {
      // The rows of an error are counted from the part's first: the whole names them from the call's.
      if (found.error().code != Code::kBadInput || first == 0) return std::move(found).error();
      return index.range_search(queries, options);
    }
    const std::uint64_t before = whole.offsets.back();
    for (std::size_t row = 1; row <= rows; ++row) whole.offsets.push_back(before + found->offsets[row]);
    append(whole.ids, found->ids);
    append(whole.distances, found->distances);
    append(whole.complete_to, found->complete_to);
    append(whole.cut, found->cut);
    append(whole.stats, found->stats);
    whole.expected_recall = std::min(whole.expected_recall, found->expected_recall);
    if (!progress({"search", first + rows, queries.rows})) return Error{Code::kCancelled, "cancelled"};
  }
  return whole;
}

/// (ids, distances, offsets, complete_to, cut, stats or None, expected_recall)
py::tuple range_search(const OpenIndex& self, const py::array& queries, int type, std::uint32_t dim, float radius,
                       std::uint64_t max_results, std::uint32_t l, std::uint32_t beam_width, bool exact, float recall,
                       const std::string& filter, bool stats, const py::tuple& space) {
  const auto index = self.open();
  RangeOptions options{.radius = radius,
                       .max_results = max_results,
                       .exact = exact,
                       .recall = recall,
                       .l = l,
                       .beam_width = beam_width,
                       .filter = filter};
  set_space(space, options);
  const MatrixView rows = matrix(queries, type, dim);
  const Watch watch{py::none()};
  const auto [found, owner] = hand_over(watched(watch, [&] { return range_in_parts(*index, rows, options, watch); }));
  const auto all = static_cast<py::ssize_t>(found->ids.size());
  const auto count = static_cast<py::ssize_t>(rows.rows);
  py::array_t<bool> cut(count);
  std::copy(found->cut.begin(), found->cut.end(), cut.mutable_data());
  py::object costs = py::none();
  if (stats) costs = stats_of(found->stats, owner);
  return py::make_tuple(view(found->ids, {all}, owner), view(found->distances, {all}, owner),
                        view(found->offsets, {count + 1}, owner), view(found->complete_to, {count}, owner), cut, costs,
                        found->expected_recall);
}

py::tuple search_page(const OpenIndex& self, const py::array& query, int type, std::uint32_t dim, std::uint32_t k,
                      std::uint32_t l, std::uint32_t beam_width, bool exact, float recall, const std::string& filter,
                      const py::tuple& space, const std::string& token) {
  const auto index = self.open();
  const SearchOptions options = options_of(k, l, beam_width, exact, recall, filter, space);
  const MatrixView row = matrix(query, type, dim);
  return tuple_of(released([&] { return index->search_page(row, options, token); }));
}

std::unique_ptr<OpenCursor> cursor(const OpenIndex& self, const py::array& query, int type, std::uint32_t dim,
                                   std::uint32_t l, std::uint32_t beam_width, bool exact, float recall,
                                   const std::string& filter, const py::tuple& space) {
  const auto index = self.open();
  const SearchOptions options = options_of(SearchOptions{}.k, l, beam_width, exact, recall, filter, space);
  const MatrixView row = matrix(query, type, dim);
  return std::make_unique<OpenCursor>(released([&] { return index->cursor(row, options); }));
}

}  // namespace

void bind_answers(py::class_<OpenIndex>& index, py::module_& module) {
  py::class_<OpenCursor>(module, "Cursor").def("next", &OpenCursor::next);
  index.def("matches", count)
      .def("matching_ids", matching_ids)
      .def("data", data)
      .def("range_search", range_search)
      .def("search_page", search_page)
      .def("cursor", cursor);
}

}  // namespace nearline::python
