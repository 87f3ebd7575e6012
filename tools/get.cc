// SPDX-License-Identifier: Apache-2.0
/// nearline get: vectors of records by their ids, printed or in a file of vectors.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "nearline/index.h"
#include "nearline/vector_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/record_text.h"
#include "tools/vector_text.h"

namespace nearline::tools {
namespace {

constexpr std::size_t kIdsAtOnce = 1024;

struct Options {
  std::filesystem::path index, output, ids_out;
  IdSource ids;
  OpenOptions open{.threads = 1};
  std::string field;
  bool skip_missing = false, attributes = false, payload = false, json = false, force = false;
};

/// The ids that records have. Errors: kNotFound where one has none, unless they are to be left out.
Result<std::vector<Id>> known(const Index& index, const Options& options, std::vector<Id> ids) {
  NEARLINE_TRY(there, index.contains(ids, options.field));
  const auto missing = static_cast<std::size_t>(std::count(there.begin(), there.end(), false));
  if (missing == 0) return ids;
  const Id first = ids[static_cast<std::size_t>(std::find(there.begin(), there.end(), false) - there.begin())];
  const std::string found = fmt::format("{} of {} ids have no record, the first is {}", missing, ids.size(), first);
  if (!options.skip_missing) {
    return Error{Code::kNotFound, found + ": expected a record for each, or --skip-missing", options.ids.name()};
  }
  print_error_line(options.ids.name() + ": note: " + found);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (there[i]) ids[kept++] = ids[i];
  }
  ids.resize(kept);
  return ids;
}

/// Whether what records say is asked for, and not their vectors.
bool says(const Options& options) {
  return options.attributes || options.payload;
}

void print(const Options& options, const Schema& schema, std::span<const Id> ids, const MatrixView& rows,
           const RecordData& data) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (says(options)) {
      JsonLine line;
      line.put("id", ids[i]);
      put_values(data, i, line);
      if (options.payload) line.put("payload", i < data.payloads.size() ? data.payloads[i] : std::string());
      line.print();
    } else if (options.json) {
      JsonLine line;
      line.put("id", ids[i]);
      put_vector("vector", schema.type, rows.row(i), schema.dim, line);
      line.print();
    } else {
      fmt::print("{} {}\n", ids[i], vector_text(schema.type, rows.row(i), schema.dim));
    }
  }
}

/// Returns how many records were read.
Result<std::size_t> get(const Options& options) {
  NEARLINE_TRY(asked, options.ids.read());
  NEARLINE_TRY(index, Index::open(options.index, options.open));
  NEARLINE_TRY(ids, known(index, options, std::move(asked)));
  NEARLINE_TRY(info, index.info(options.field));
  const Schema& schema = info.schema;
  std::optional<VectorFileWriter> writer;
  if (!options.output.empty()) {
    catch_interrupts();  // what is half written is not left behind
    NEARLINE_TRY(created, VectorFileWriter::create(options.output, schema.type, schema.dim, options.force, ids.size()));
    writer.emplace(std::move(created));
  }
  std::vector<std::byte> vectors;
  for (std::size_t first = 0; first < ids.size(); first += kIdsAtOnce) {
    if (interrupted() != 0) return Error{Code::kCancelled, "stopped before the end", options.index.string()};
    const auto some = std::span(ids).subspan(first, std::min(kIdsAtOnce, ids.size() - first));
    vectors.resize(some.size() * vector_bytes(schema.type, schema.dim));
    NEARLINE_CHECK(index.get(some, vectors, options.field));  // all are there: an open index never changes
    const MatrixView rows(vectors.data(), some.size(), schema.dim, schema.type);
    if (writer) {
      NEARLINE_CHECK(writer->append(rows));
    } else {
      RecordData data;
      if (says(options)) {
        NEARLINE_TRY(said, index.data(some, request_of(options.attributes, options.payload)));
        data = std::move(said);
      }
      print(options, schema, some, rows, data);
    }
  }
  // The ids first: vectors that stand there alone would be taken for those of all ids.
  if (!options.ids_out.empty()) NEARLINE_CHECK(write_ids(options.ids_out, ids, options.force));
  if (writer) NEARLINE_CHECK(writer->finish());
  return ids.size();
}

int run(const Options& options) {
  const auto rows = get(options);
  if (!rows) return fail(rows.error());
  if (!options.output.empty()) {
    if (options.json) {
      JsonLine().put("output", options.output.string()).put("rows", *rows).print();
    } else {
      fmt::print("{}: {} rows\n", options.output.string(), *rows);
    }
  }
  return 0;
}

}  // namespace

Action declare_get(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.ids("--ids", options->ids, "ids of the records to read; files are .u64bin, .npy or text", true);
  args.output("-o,--output", options->output,
              "write a file of vectors, rows in the order of the ids, instead of printing");
  args.output("--ids-out", options->ids_out, "a file for the ids of what was read, .u64bin, .npy or text");
  args.flag("--skip-missing", options->skip_missing, "leave out ids that no record has, instead of an error");
  args.field(options->field);
  args.flag("--attributes", options->attributes, "print what the records say, a JSON object each, in place of vectors");
  args.flag("--payload", options->payload, "the same with their payloads");
  args.io(options->open.io);
  args.memory(options->open.memory_bytes);
  args.untrusted(options->open.untrusted);
  args.force(options->force);
  args.json(options->json);
  args.example("nearline get photos.near --ids 17,4,99 -o three.npy");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
