// SPDX-License-Identifier: Apache-2.0
/// The index that a Python object has open, for all sources that ask it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bindings/python/bridge.h"
#include "nearline/index.h"

namespace nearline::python {

/// Shared with the calls that are under way, so that `close` beside them ends it when the last of them is over.
class OpenIndex {
 public:
  OpenIndex(const py::bytes& path, std::uint64_t memory, std::uint32_t threads, const std::string& io,
            const std::string& ranking, bool untrusted);

  void close();
  [[nodiscard]] bool closed() const noexcept { return index_ == nullptr; }

  /// Raises where it was closed.
  [[nodiscard]] std::shared_ptr<Index> open() const;

 private:
  std::shared_ptr<Index> index_;  // the GIL guards it
};

/// What queries cost, as an array [stats.size()] with fields; `owner` keeps it alive.
py::object stats_of(const std::vector<QueryStats>& stats, const py::handle& owner);

/// (ids, distances, counts, stats or None, expected_recall, matches, filter_reads, explanation) of `rows` queries.
py::tuple answers_of(SearchResult&& found, std::size_t rows, bool stats);

/// What records say, searches of other kinds: answers.cc.
void bind_answers(py::class_<OpenIndex>& index, py::module_& module);
/// Fields, and searches over several: spaces.cc.
void bind_spaces(py::class_<OpenIndex>& index);

}  // namespace nearline::python
