// SPDX-License-Identifier: Apache-2.0
/// The C interface's builds.
#include "nearline/builder.h"

#include "bindings/c/handles.h"
#include "nearline/nearline_files.h"

namespace nearline::c {

Result<void> check_unfinished(const nearline_builder* builder) {
  NEARLINE_CHECK(need(builder, "builder"));
  if (builder->builder.has_value()) return {};
  return invalid("builder: expected one to add to or to finish, found one that is finished");
}

Result<Schema> schema_of(const nearline_schema* from, const nearline_build_options* more) {
  NEARLINE_CHECK(need(from, "schema"));
  NEARLINE_TRY(options, take(more, "build options"));
  NEARLINE_TRY(type, enumerator(from->type, ElementType::kB1, false, "type"));
  NEARLINE_TRY(metric, enumerator(from->metric, Metric::kJaccard, false, "metric"));
  if (options.attribute_count > 0) NEARLINE_CHECK(need(options.attributes, "attributes"));
  if (options.attribute_count > kMaxAttributes)
    return invalid(std::to_string(options.attribute_count) + " attributes: expected at most " +
                   std::to_string(kMaxAttributes));
  Schema schema{.dim = from->dim, .type = type, .metric = metric};
  for (const nearline_attribute& attribute : std::span(options.attributes, options.attribute_count)) {
    NEARLINE_TRY(kind, enumerator(attribute.type, AttributeType::kPlace, false, "type of an attribute"));
    const auto* const end = std::find(std::begin(attribute.name), std::end(attribute.name), '\0');
    schema.attributes.push_back({std::string(std::begin(attribute.name), end), kind});
  }
  NEARLINE_CHECK(add_spaces(options.spaces, schema));
  return schema;
}

Result<BuildOptions> build_options(const nearline_build_options* from) {
  NEARLINE_TRY(options, take(from, "build options"));
  NEARLINE_CHECK(check_reserved(options.reserved, "build options"));
  NEARLINE_TRY(layout, enumerator(options.layout, Layout::kFused, true, "layout"));
  BuildOptions to;
  to.degree = or_default(options.degree, to.degree);
  to.l_build = or_default(options.l_build, to.l_build);
  to.alpha = or_default(options.alpha, to.alpha);
  to.memory_bytes = or_default(options.memory_bytes, to.memory_bytes);
  to.code_bytes = options.code_bytes == NEARLINE_NONE ? 0 : or_auto(options.code_bytes);
  to.layout = layout;
  to.search_memory_bytes = or_default(options.search_memory_bytes, to.search_memory_bytes);
  to.page_records = or_auto(options.page_records);
  to.calibrate = options.no_calibration == 0;
  to.threads = or_auto(options.threads);
  to.seed = or_default(options.seed, to.seed);
  to.replace = options.replace != 0;
  to.progress = progress_fn(options.progress, options.progress_context);
  return to;
}

void give_build(nearline_build_report* to, const BuildReport& report) {
  give(to, nearline_build_report{.size = 0,
                                 .count = report.count,
                                 .file_bytes = report.file_bytes,
                                 .unreachable_repaired = report.unreachable_repaired,
                                 .mean_degree = report.mean_degree,
                                 .seconds = report.seconds,
                                 .partitions = report.partitions,
                                 .reserved = 0});
}

}  // namespace nearline::c

using namespace nearline;  // NOLINT(google-build-using-namespace)

nearline_status nearline_builder_create(const char* output, const nearline_schema* schema,
                                        const nearline_build_options* options, nearline_builder** builder,
                                        nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(output, "output", schema, "schema", builder, "builder"));
    NEARLINE_TRY(what, c::schema_of(schema, options));
    NEARLINE_TRY(how, c::build_options(options));
    NEARLINE_TRY(made, Builder::create(output, what, how));
    *builder = new nearline_builder{std::move(made)};
    return {};
  });
}

nearline_status nearline_builder_add(nearline_builder* builder, const nearline_matrix* vectors, const uint64_t* ids,
                                     const nearline_record_data* data, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::check_unfinished(builder));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    NEARLINE_TRY(named, c::id_array(ids, ids == nullptr ? 0 : rows.rows));
    NEARLINE_TRY(said, c::record_data(data, rows.rows));
    return builder->builder->add(rows, named, said);
  });
}

nearline_status nearline_builder_finish(nearline_builder* builder, nearline_build_report* report,
                                        nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::check_unfinished(builder));
    NEARLINE_CHECK(c::check_report(report, "report", true));
    Builder spent = std::move(*builder->builder);
    builder->builder.reset();
    NEARLINE_TRY(done, spent.finish());
    c::give_build(report, done);
    return {};
  });
}

void nearline_builder_close(nearline_builder** builder) {
  c::close(builder);
}

nearline_status nearline_estimate_build(uint64_t count, const nearline_schema* schema,
                                        const nearline_build_options* options, nearline_estimate* to,
                                        nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::check_report(to, "estimate"));
    NEARLINE_TRY(what, c::schema_of(schema, options));
    NEARLINE_TRY(how, c::build_options(options));
    NEARLINE_TRY(found, estimate(count, what, how));
    c::give(to, nearline_estimate{.size = 0,
                                  .file_bytes = found.file_bytes,
                                  .build_memory_bytes = found.build_memory_bytes,
                                  .least_build_memory_bytes = found.least_build_memory_bytes,
                                  .search_memory_bytes = found.search_memory_bytes,
                                  .code_search_memory_bytes = found.code_search_memory_bytes,
                                  .build_cpu_seconds = found.build_cpu_seconds,
                                  .layout = static_cast<std::uint32_t>(found.layout),
                                  .reserved = 0});
    return {};
  });
}
