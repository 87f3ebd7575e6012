// SPDX-License-Identifier: Apache-2.0
/// Builds and estimates, for nearline/_build.py.
#include <algorithm>
#include <optional>

#include "bindings/python/record_data.h"
#include "bindings/python/spaces.h"
#include "nearline/builder.h"

namespace nearline::python {
namespace {

Schema schema_of(std::uint32_t dim, int type, const std::string& metric, const py::list& attributes,
                 const py::dict& spaces) {
  Schema schema{.dim = dim,
                .type = static_cast<ElementType>(type),
                .metric = metric_from(metric).value_or(Metric::kL2),
                .attributes = attributes_of(attributes)};
  set_spaces(spaces, schema);
  return schema;
}

/// options: those of `BuildOptions`, by their names; what is not there has its default.
BuildOptions options_of(const py::dict& options) {
  BuildOptions to;
  const auto set = [&](const char* key, auto& value) {
    if (options.contains(key)) value = py::cast<std::remove_reference_t<decltype(value)>>(options[key]);
  };
  set("degree", to.degree);
  set("l_build", to.l_build);
  set("alpha", to.alpha);
  set("memory", to.memory_bytes);
  set("code_bytes", to.code_bytes);
  set("search_memory", to.search_memory_bytes);
  set("page_records", to.page_records);
  set("calibrate", to.calibrate);
  set("threads", to.threads);
  set("seed", to.seed);
  set("replace", to.replace);
  std::string layout;
  set("layout", layout);
  to.layout = layout_from(layout).value_or(Layout::kAuto);
  return to;
}

class OneBuild {
 public:
  OneBuild(const py::bytes& output, std::uint32_t dim, int type, const std::string& metric, const py::dict& options,
           const py::object& progress, const py::list& attributes, const py::dict& spaces)
      : watch_(progress) {
    const auto file = path_of(output);
    BuildOptions how = options_of(options);
    how.progress = watch_.function();
    const Schema schema = schema_of(dim, type, metric, attributes, spaces);
    builder_.emplace(released([&] { return Builder::create(file, schema, how); }));
  }

  void add(const py::array& rows, int type, std::uint32_t dim, const py::object& ids, const py::object& data) {
    const MatrixView all = matrix(rows, type, dim);
    const auto named = ids_of(ids);
    const RecordData said = record_data(data, all.rows);
    released([&] { return builder_->add(all, named, said); });
  }

  void add_field(const std::string& field, const py::array& rows, int type, std::uint32_t dim, const py::object& ids) {
    const MatrixView all = matrix(rows, type, dim);
    const auto named = ids_of(ids);
    released([&] { return builder_->add_field(field, all, named); });
  }

  py::dict finish() {
    const BuildReport report = watched(watch_, [&] { return builder_->finish(); });
    py::dict all;
    all["count"] = report.count;
    all["file_bytes"] = report.file_bytes;
    all["unreachable_repaired"] = report.unreachable_repaired;
    all["mean_degree"] = report.mean_degree;
    all["partitions"] = report.partitions;
    all["seconds"] = report.seconds;
    return all;
  }

 private:
  Watch watch_;
  std::optional<Builder> builder_;
};

py::dict estimate_of(std::uint64_t count, std::uint32_t dim, int type, const std::string& metric,
                     const py::dict& options, const py::list& attributes) {
  const BuildOptions how = options_of(options);
  const Schema schema = schema_of(dim, type, metric, attributes, py::dict());
  const Estimate found = released([&] { return estimate(count, schema, how); });
  py::dict all;
  all["layout"] = std::string(name(found.layout));
  all["file_bytes"] = found.file_bytes;
  all["build_memory_bytes"] = found.build_memory_bytes;
  all["least_build_memory_bytes"] = found.least_build_memory_bytes;
  all["search_memory_bytes"] = found.search_memory_bytes;
  all["code_search_memory_bytes"] = found.code_search_memory_bytes;
  all["build_cpu_seconds"] = found.build_cpu_seconds;
  return all;
}

}  // namespace

void bind_build(py::module_& module) {
  py::class_<OneBuild>(module, "Builder")
      .def(py::init<const py::bytes&, std::uint32_t, int, const std::string&, const py::dict&, const py::object&,
                    const py::list&, const py::dict&>())
      .def("add", &OneBuild::add)
      .def("add_field", &OneBuild::add_field)
      .def("finish", &OneBuild::finish);
  module.def("estimate", estimate_of);
}

}  // namespace nearline::python
