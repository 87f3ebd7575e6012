// SPDX-License-Identifier: Apache-2.0
/// Fields and transforms of a schema, and searches over several fields, for nearline/_spaces.py and nearline/_index.py.
#include "bindings/python/spaces.h"

#include <algorithm>
#include <cstring>

#include "nearline/schema.h"

namespace nearline::python {
namespace {

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

/// The arrays that a transform's text names.
Transform::MatrixFn reader(const py::dict& matrices) {
  return [&matrices](const std::string& name) -> Result<Transform::Matrix> {
    if (!matrices.contains(name.c_str())) {
      return Error{Code::kInvalidArgument, "transform: matrices has no '" + name + "'"};
    }
    const auto rows = Floats::ensure(matrices[name.c_str()]);
    if (!rows || rows.ndim() != 2 || rows.shape(0) < 1 || rows.shape(0) > static_cast<py::ssize_t>(kMaxDim)) {
      PyErr_Clear();
      return Error{Code::kInvalidArgument, "matrix '" + name + "': expected an array [1 to " + std::to_string(kMaxDim) +
                                               ", components] of numbers"};
    }
    return Transform::Matrix{.rows = static_cast<std::uint32_t>(rows.shape(0)),
                             .numbers = std::vector<float>(rows.data(), rows.data() + rows.size())};
  };
}

/// What one field says of transforms: (text, text of queries, matrices). Changes `dim`, what comes in, to what is
/// stored.
void set_transforms(const py::tuple& said, std::uint32_t& dim, Transform& records, Transform& queries) {
  const auto text = py::cast<std::string>(said[0]), of_queries = py::cast<std::string>(said[1]);
  const auto matrices = py::cast<py::dict>(said[2]);
  const auto parse = [&](const std::string& steps, std::uint32_t in_dim) {
    auto made = Transform::parse(steps, in_dim, reader(matrices));
    if (!made) raise(made.error());
    return std::move(made).value();
  };
  if (!text.empty()) {
    records = parse(text, dim);
    dim = records.out_dim();
  }
  if (!of_queries.empty()) queries = parse(of_queries, 0);
}

py::dict dict_of(const std::string& name, std::uint32_t dim, ElementType type, Metric metric, bool indexed,
                 const Transform& transform, const Transform& query_transform) {
  py::dict all;
  all["name"] = name;
  all["dim"] = dim;
  all["dtype"] = std::string(nearline::name(type));
  all["metric"] = std::string(nearline::name(metric));
  all["indexed"] = indexed;
  all["transform"] = to_text(transform);
  all["query_transform"] = to_text(query_transform);
  return all;
}

/// A dict for each field, the first one first.
py::list fields(const OpenIndex& self) {
  const Schema schema = self.open()->info().schema;
  py::list all;
  all.append(dict_of(schema.name, schema.dim, schema.type, schema.metric, schema.indexed, schema.transform,
                     schema.query_transform));
  for (const FieldSchema& field : schema.fields) {
    all.append(dict_of(field.name, field.dim, field.type, field.metric, field.indexed, field.transform,
                       field.query_transform));
  }
  return all;
}

/// asked: a list of (field, rows, type, dim, weight). As `search`.
py::tuple search_fields(const OpenIndex& self, const py::list& asked, std::uint32_t k, bool exact,
                        const py::object& missing, const std::string& filter, const std::string& choose_by,
                        std::uint32_t candidates, bool stats) {
  const auto index = self.open();
  std::vector<FieldQueries> queries;
  for (const py::handle each : asked) {
    const auto [field, rows, type, dim, weight] =
        py::cast<std::tuple<std::string, py::array, int, std::uint32_t, float>>(each);
    queries.push_back({.field = field, .queries = matrix(rows, type, dim), .weight = weight});
  }
  FusionOptions options{
      .k = k, .exact = exact, .missing = {}, .filter = filter, .choose_by = choose_by, .candidates = candidates};
  if (!missing.is_none()) options.missing = py::cast<float>(missing);
  return answers_of(released([&] { return index->search_fields(queries, options); }),
                    queries.empty() ? 0 : queries.front().queries.rows, stats);
}

}  // namespace

void set_spaces(const py::dict& said, Schema& schema) {
  if (said.contains("name")) schema.name = py::cast<std::string>(said["name"]);
  if (said.contains("indexed")) schema.indexed = py::cast<bool>(said["indexed"]);
  if (said.contains("transforms")) {
    set_transforms(py::cast<py::tuple>(said["transforms"]), schema.dim, schema.transform, schema.query_transform);
  }
  if (!said.contains("fields")) return;
  for (const py::handle each : py::cast<py::list>(said["fields"])) {
    const auto [name, dim, type, metric, indexed, transforms] =
        py::cast<std::tuple<std::string, std::uint32_t, int, std::string, bool, py::tuple>>(each);
    FieldSchema field{.name = name,
                      .dim = dim,
                      .type = static_cast<ElementType>(type),
                      .metric = metric_from(metric).value_or(Metric::kL2),
                      .indexed = indexed,
                      .transform = {},
                      .query_transform = {}};
    set_transforms(transforms, field.dim, field.transform, field.query_transform);
    schema.fields.push_back(std::move(field));
  }
}

std::vector<float> mask_of(const py::object& mask) {
  if (mask.is_none()) return {};
  const auto weights = Floats::ensure(mask);
  if (!weights || weights.ndim() != 1) {
    PyErr_Clear();
    raise({Code::kInvalidArgument, "mask: expected an array [dim] of numbers"});
  }
  return {weights.data(), weights.data() + weights.size()};
}

void bind_spaces(py::class_<OpenIndex>& index) {
  index.def("fields", fields).def("search_fields", search_fields);
}

}  // namespace nearline::python
