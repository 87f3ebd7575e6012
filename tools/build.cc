// SPDX-License-Identifier: Apache-2.0
/// nearline build: streams a file of vectors into a Builder.
#include "nearline/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/fields_in.h"
#include "tools/json_line.h"
#include "tools/records_in.h"
#include "tools/schema_file.h"
#include "tools/transforms_in.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::uint64_t kBlockBytes = 1 << 20;

struct Options {
  std::filesystem::path input, output;
  std::string form;
  IdSource ids;
  RecordsIn records;
  FieldFiles fields;
  std::optional<Metric> metric;
  std::optional<ElementType> type;
  TransformsIn transforms;
  BuildOptions build;
  bool no_calibrate = false, json = false, progress = false;
};

Result<void> add_rows(const VectorFile& file, const std::vector<Id>& ids, std::optional<RecordLines>& records,
                      FieldsIn& fields, const ProgressFn& progress, Builder& builder) {
  RecordData data;
  std::vector<Id> all_ids;
  const FieldRowsFn add = [&](const std::string& field, std::span<const Id> of, const MatrixView& vectors) {
    return builder.add_field(field, vectors, of);
  };
  std::vector<Id> line_ids;
  const std::size_t row_bytes = vector_bytes(file.type(), file.dim());
  const std::uint64_t rows_at_once = std::max<std::uint64_t>(1, kBlockBytes / row_bytes);
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(rows_at_once, file.rows())) * row_bytes);
  for (std::uint64_t row = 0; row < file.rows();) {
    if (!progress({"read", row, file.rows()})) return Error{Code::kCancelled, "stopped while reading", "build"};
    const auto now = static_cast<std::size_t>(std::min(rows_at_once, file.rows() - row));
    NEARLINE_CHECK(file.read(row, now, std::span(block).first(now * row_bytes)));
    if (records) {
      NEARLINE_TRY(said, records->next(now, line_ids));
      data = std::move(said);
    }
    const auto some_ids = ids.empty() ? std::span<const Id>(line_ids) : std::span(ids).subspan(row, now);
    if (auto added = builder.add({block.data(), now, file.dim(), file.type()}, some_ids, data); !added)
      return std::move(added).error().in(file.path().string());
    all_ids.assign(some_ids.begin(), some_ids.end());
    if (all_ids.empty()) {
      all_ids.resize(now);
      std::iota(all_ids.begin(), all_ids.end(), row);
    }
    NEARLINE_CHECK(fields.give(row, all_ids, add));
    row += now;
  }
  NEARLINE_CHECK(fields.give_rest(add));
  return records ? records->end() : Result<void>{};
}

Result<Schema> schema_of(const VectorFile& file, const Options& options) {
  const bool transforms = !options.transforms.records.empty() || !options.transforms.queries.empty();
  const ElementType as_given = transforms && !is_float(file.type()) ? ElementType::kF32 : file.type();
  const ElementType type = options.type.value_or(as_given);
  const Metric metric = options.metric.value_or(type == ElementType::kB1 ? Metric::kHamming : Metric::kL2);
  if (compatible(metric, type)) {
    Schema schema{file.dim(), type, metric};
    NEARLINE_CHECK(add_transforms(options.transforms, file.dim(), schema));
    return schema;
  }
  return Error{
      Code::kInvalidArgument,
      fmt::format("metric {}: expected one that compares {}, found one that does not", name(metric), name(type)),
      file.path().string()};
}

/// The fields that a schema file names, of which the first is what INPUT holds.
Result<void> take_fields(const Options& options, Schema& schema) {
  if (options.records.schema.empty()) return {};
  NEARLINE_TRY(said, read_schema(options.records.schema));
  if (said.fields.empty()) return {};
  NEARLINE_TRY(fields, index_schema(std::move(said), options.records.schema));
  if (fields.dim != schema.dim) {
    return Error{
        Code::kBadInput,
        fmt::format("field '{}' of dimension {}: expected that of INPUT, {}", fields.name, fields.dim, schema.dim),
        options.records.schema.string()};
  }
  if (options.metric || options.type || !options.transforms.records.empty() || !options.transforms.queries.empty()) {
    return Error{Code::kInvalidArgument,
                 "--metric, --type or --transform: expected none of them, as the schema says what its fields are"};
  }
  fields.attributes = std::move(schema.attributes);
  schema = std::move(fields);
  return {};
}

Result<BuildReport> build(const Options& options, Schema& schema) {
  NEARLINE_TRY(file, open_vectors(options.input, options.form));
  NEARLINE_TRY(fitting, schema_of(file, options));
  schema = fitting;
  NEARLINE_TRY(records, open_records(options.records, std::nullopt));
  if (records) {
    schema.attributes = records->attributes();
  } else if (!options.records.schema.empty()) {
    NEARLINE_TRY(said, read_schema(options.records.schema));
    schema.attributes = std::move(said.attributes);
  }
  NEARLINE_CHECK(take_fields(options, schema));
  NEARLINE_TRY(fields, FieldsIn::open(options.fields, schema, file.rows()));
  std::vector<Id> ids;
  if (options.ids.given()) {
    NEARLINE_TRY(read, options.ids.read());
    if (read.size() != file.rows())
      return Error{Code::kBadInput,
                   fmt::format("ids: expected {}, one for each row of the vectors, found {}", file.rows(), read.size()),
                   options.ids.name()};
    ids = std::move(read);
  }
  NEARLINE_TRY(needs, estimate(file.rows(), schema, options.build));
  if (options.build.memory_bytes < needs.least_build_memory_bytes)  // now, not after all was read
    return Error{Code::kOverBudget, fmt::format("a memory bound of {} bytes: this build needs at least {}",
                                                options.build.memory_bytes, needs.least_build_memory_bytes)};
  NEARLINE_TRY(builder, Builder::create(options.output, schema, options.build));
  NEARLINE_CHECK(add_rows(file, ids, records, fields, options.build.progress, builder));
  return builder.finish();
}

void print_report(const Options& options, const Schema& schema, const BuildReport& report) {
  const double per_vector =
      report.count > 0 ? static_cast<double>(report.file_bytes) / static_cast<double>(report.count) : 0;
  if (options.json) {
    JsonLine line;
    line.put("index", options.output.string()).put("count", report.count).put("dim", schema.dim);
    line.put("input_dim", schema.input_dim());
    line.put("type", name(schema.type)).put("metric", name(schema.metric)).put("file_bytes", report.file_bytes);
    line.put("bytes_per_vector", per_vector).put("mean_degree", report.mean_degree);
    line.put("unreachable_repaired", report.unreachable_repaired).put("partitions", report.partitions);
    line.put("seconds", report.seconds).print();
    return;
  }
  fmt::print("{}: {} vectors of {} {}, {}\n", options.output.string(), report.count, schema.dim, name(schema.type),
             name(schema.metric));
  if (!schema.transform.empty())
    fmt::print("made of {} components by {}\n", schema.input_dim(), to_text(schema.transform));
  fmt::print("{}, {:.1f} bytes a vector, mean degree {:.1f}, built in {} part{}, {}\n",
             bytes_text(static_cast<double>(report.file_bytes)), per_vector, report.mean_degree, report.partitions,
             report.partitions == 1 ? "" : "s", seconds_text(report.seconds));
  if (report.unreachable_repaired > 0)
    fmt::print("{} records that no path led to were connected\n", report.unreachable_repaired);
}

int run(Options& options) {
  options.build.progress = progress_line(options.progress);
  options.build.calibrate = !options.no_calibrate;
  Schema schema;
  const auto report = build(options, schema);
  if (!report) return fail(report.error());
  clear_progress_line();
  print_report(options, schema, *report);
  return 0;
}

}  // namespace

Action declare_build(Args& args) {
  auto options = std::make_shared<Options>();
  args.vectors("INPUT", options->input, "vectors, one record a row");
  args.form(options->form);
  args.output("-o,--output", options->output, "the index to make", true);
  args.metric(options->metric, "what near means; l2 unless said, hamming for b1");
  args.type(options->type, "element type to store; that of INPUT unless said");
  declare_transforms(args, options->transforms);
  args.ids("--ids", options->ids, "ids in row order; row numbers unless said");
  declare_records(args, options->records);
  args.file("--schema", options->records.schema,
            "JSON: the fields, the attributes and their types; attributes are learned from the lines unless said");
  declare_fields(args, options->fields);
  args.number("-R,--degree", options->build.degree, "neighbours kept for each record", 4, 1024);
  args.number("--l-build", options->build.l_build, "candidates kept while linking", 4, 4096);
  args.real("--alpha", options->build.alpha, "pruning slack; larger keeps longer edges", 1.0F, 2.0F);
  args.size("--memory", options->build.memory_bytes, "bound on what the build allocates");
  args.threads(options->build.threads, "threads; auto means one a processor; the file does not depend on it");
  args.number("--seed", options->build.seed, "same input, options and seed: same bytes");
  args.code_bytes(options->build.code_bytes);
  args.flag("--no-calibrate", options->no_calibrate,
            "do not measure what search --recall needs; builds faster by a tenth");
  args.layout(options->build.layout);
  args.search_memory(options->build.search_memory_bytes);
  args.page_records(options->build.page_records);
  args.force(options->build.replace);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline build photos.u8bin -o photos.near --memory 256M");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
