// SPDX-License-Identifier: Apache-2.0
/// Files of vectors, of neighbours and of ids, and brute force over them, for nearline/_files.py.
#include <algorithm>

#include "bindings/python/bridge.h"
#include "nearline/exact.h"
#include "nearline/vector_file.h"

namespace nearline::python {
namespace {

VectorFile opened(const py::bytes& path, const std::string& form = {}) {
  const auto file = path_of(path);
  return released([&] { return VectorFile::open(file, form); });
}

class OpenVectorFile {
 public:
  OpenVectorFile(const py::bytes& path, const std::string& form) : file_(opened(path, form)) {}

  [[nodiscard]] std::uint64_t rows() const noexcept { return file_.rows(); }
  [[nodiscard]] std::uint32_t dim() const noexcept { return file_.dim(); }
  [[nodiscard]] int type() const noexcept { return static_cast<int>(file_.type()); }

  /// Fills `out`, whose bytes are those of the rows.
  void read(std::uint64_t first, std::uint64_t count, py::array out) const {
    const std::span bytes(static_cast<std::byte*>(out.mutable_data()), static_cast<std::size_t>(out.nbytes()));
    if (first > file_.rows() || count > file_.rows() - first ||
        bytes.size() != count * vector_bytes(file_.type(), file_.dim()))
      raise({Code::kInvalidArgument, "rows " + std::to_string(first) + " and on, " + std::to_string(count) +
                                         " of them: the file has " + std::to_string(file_.rows())});
    released([&] { return file_.read(first, count, bytes); });
  }

 private:
  VectorFile file_;
};

void write_vectors(const py::bytes& path, const py::array& rows, int type, std::uint32_t dim, bool replace) {
  const auto file = path_of(path);
  const MatrixView all = matrix(rows, type, dim);
  released([&]() -> Result<void> {
    NEARLINE_TRY(writer, VectorFileWriter::create(file, all.type, all.dim, replace, all.rows));
    NEARLINE_CHECK(writer.append(all));
    return writer.finish();
  });
}

std::uint64_t convert(const py::bytes& in, const py::bytes& out, bool replace, const py::object& progress) {
  const Watch watch{progress};
  const VectorFile from = opened(in);
  const auto to = path_of(out);
  return watched(watch, [&] { return convert_vectors(from, to, replace, watch.function()); });
}

/// (ids, distances or None)
py::tuple tuple_of(NeighborTable&& found) {
  const auto [table, owner] = hand_over(std::move(found));
  const auto rows = static_cast<py::ssize_t>(table->queries);
  const auto width = static_cast<py::ssize_t>(table->k);
  py::object distances = py::none();
  if (!table->distances.empty() || table->ids.empty()) distances = view(table->distances, {rows, width}, owner);
  return py::make_tuple(view(table->ids, {rows, width}, owner), distances);
}

py::tuple read_table(const py::bytes& path) {
  const auto file = path_of(path);
  return tuple_of(released([&] { return read_neighbors(file); }));
}

/// distances: f32, or None.
void write_table(const py::bytes& path, const py::object& ids, std::uint32_t k, const py::object& distances,
                 bool replace) {
  const auto file = path_of(path);
  const auto answers = ids_of(ids);
  NeighborTable table{.queries = k == 0 ? 0 : answers.size() / k, .k = k, .ids = {}, .distances = {}};
  table.ids.assign(answers.begin(), answers.end());
  if (!distances.is_none()) {
    const auto values = py::cast<py::array_t<float, py::array::c_style | py::array::forcecast>>(distances);
    table.distances.assign(values.data(), values.data() + values.size());
  }
  released([&] { return write_neighbors(file, table, replace); });
}

py::tuple exact(const py::bytes& base, const py::bytes& queries, std::uint32_t k, const std::string& metric,
                std::uint64_t memory, std::uint32_t threads, const py::object& progress) {
  const Watch watch{progress};
  const VectorFile from = opened(base);
  const VectorFile asked = opened(queries);
  const ExactOptions options{.k = k,
                             .metric = metric_from(metric).value_or(Metric::kL2),
                             .threads = threads,
                             .memory_bytes = memory,
                             .progress = watch.function()};
  return tuple_of(watched(watch, [&] { return exact_neighbors(from, asked, options); }));
}

py::dict profile_of(const py::bytes& path, const std::string& metric, std::uint32_t sample, std::uint32_t k,
                    std::uint32_t threads, std::uint64_t seed, const py::object& progress) {
  const Watch watch{progress};
  const VectorFile file = opened(path);
  const ProfileOptions options{.metric = metric_from(metric).value_or(Metric::kL2),
                               .sample = sample,
                               .k = k,
                               .threads = threads,
                               .seed = seed,
                               .progress = watch.function()};
  const Profile found = watched(watch, [&] { return profile(file, options); });
  const auto row = [](std::uint64_t first) { return first == kNoId ? py::object(py::none()) : py::int_(first); };
  py::list advice;
  for (const std::string& sentence : found.advice) advice.append(sentence);
  py::dict all;
  all["rows"] = found.rows;
  all["dim"] = found.dim;
  all["dtype"] = std::string(name(found.type));
  all["norm_min"] = found.norm_min;
  all["norm_mean"] = found.norm_mean;
  all["norm_max"] = found.norm_max;
  all["zero_vectors"] = found.zero_vectors;
  all["invalid_vectors"] = found.invalid_vectors;
  all["first_invalid_row"] = row(found.first_invalid_row);
  all["overlong_vectors"] = found.overlong_vectors;
  all["first_overlong_row"] = row(found.first_overlong_row);
  all["duplicates"] = found.duplicates;
  all["constant_components"] = found.constant_components;
  all["lid_mean"] = found.lid_mean;
  all["lid_median"] = found.lid_median;
  all["lid_k"] = found.lid_k;
  all["lid_sample"] = found.lid_sample;
  all["advice"] = advice;
  return all;
}

py::array_t<Id> read_id_file(const py::bytes& path) {
  const auto file = path_of(path);
  const auto [ids, owner] = hand_over(released([&] { return read_ids(file); }));
  return view(*ids, {static_cast<py::ssize_t>(ids->size())}, owner);
}

void write_id_file(const py::bytes& path, const py::object& ids, bool replace) {
  const auto file = path_of(path);
  const auto all = ids_of(ids);
  released([&] { return write_ids(file, all, replace); });
}

}  // namespace

void bind_files(py::module_& module) {
  py::class_<OpenVectorFile>(module, "VectorFile")
      .def(py::init<const py::bytes&, const std::string&>())
      .def_property_readonly("rows", &OpenVectorFile::rows)
      .def_property_readonly("dim", &OpenVectorFile::dim)
      .def_property_readonly("type", &OpenVectorFile::type)
      .def("read", &OpenVectorFile::read);
  module.def("write_vectors", write_vectors);
  module.def("convert_vectors", convert);
  module.def("read_neighbors", read_table);
  module.def("write_neighbors", write_table);
  module.def("exact_neighbors", exact);
  module.def("profile", profile_of);
  module.def("read_ids", read_id_file);
  module.def("write_ids", write_id_file);
}

}  // namespace nearline::python
