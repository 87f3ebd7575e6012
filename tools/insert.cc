// SPDX-License-Identifier: Apache-2.0
/// nearline insert: adds the vectors of a file to an index.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "nearline/index.h"
#include "nearline/writer.h"
#include "tools/commands.h"
#include "tools/commit_report.h"
#include "tools/console.h"
#include "tools/fields_in.h"
#include "tools/records_in.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::uint64_t kBlockBytes = 1 << 20;

struct Options {
  std::filesystem::path index, input;
  std::string form;
  IdSource ids;
  RecordsIn records;
  FieldFiles fields;
  std::uint64_t commit_every = 0;
  WriterOptions writer;
  bool upsert = false, relaxed = false, json = false, progress = false;
};

Result<std::vector<Id>> ids_for(const Options& options, const VectorFile& file) {
  if (!options.ids.given()) return std::vector<Id>();
  NEARLINE_TRY(ids, options.ids.read());
  if (ids.size() == file.rows()) return ids;
  return Error{Code::kBadInput,
               fmt::format("ids: expected {}, one for each row of the vectors, found {}", file.rows(), ids.size()),
               options.ids.name()};
}

/// What the index takes, where that is asked for.
Result<std::optional<Schema>> schema_for(const Options& options) {
  if (options.records.lines.empty() && options.fields.vectors.empty() && options.fields.ids.empty()) {
    return std::optional<Schema>();
  }
  NEARLINE_TRY(index, Index::open(options.index, {.io = IoMode::kPread, .threads = 1}));
  return std::optional(index.info().schema);
}

/// Lines as the index's attributes ask for.
Result<std::optional<RecordLines>> records_for(const Options& options, const std::optional<Schema>& schema) {
  std::optional<std::vector<Attribute>> attributes;
  if (!options.records.lines.empty()) attributes = schema->attributes;
  return open_records(options.records, std::move(attributes));
}

/// How far it came.
struct Rows {
  std::uint64_t taken = 0, committed = 0;
  std::vector<IdRun> given;  ///< ids of rows that came without
  bool durable = true;       ///< of the committed ones all
};

Error explained(Error error) {
  if (error.code == Code::kExists) error.what += " (--upsert replaces it)";
  return error;
}

Result<InsertReport> add(const Options& options, const MatrixView& vectors, std::span<const Id> ids,
                         const RecordData& data, Writer& writer) {
  if (!options.upsert) return writer.insert(vectors, ids, data);
  NEARLINE_CHECK(writer.upsert(vectors, ids, data));
  return InsertReport{.inserted = vectors.rows};
}

void note(const InsertReport& added, std::vector<IdRun>& given) {
  if (!added.first_id) return;
  const Id last = *added.first_id + added.inserted - 1;
  if (!given.empty() && given.back().last + 1 == *added.first_id) {
    given.back().last = last;
  } else {
    given.push_back({*added.first_id, last});
  }
}

Result<CommitReport> take_rows(const Options& options, const VectorFile& file, std::span<const Id> ids,
                               std::optional<RecordLines>& records, FieldsIn& fields, Writer& writer, Rows& rows) {
  RecordData data;
  std::vector<Id> new_ids;
  const FieldRowsFn set = [&](const std::string& field, std::span<const Id> of, const MatrixView& vectors) {
    return writer.set_field(field, vectors, of);
  };
  std::vector<Id> line_ids;
  const std::size_t row_bytes = vector_bytes(file.type(), file.dim());
  std::uint64_t step = std::max<std::uint64_t>(1, kBlockBytes / row_bytes);
  if (options.commit_every > 0) step = std::min(step, options.commit_every);
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(step, file.rows())) * row_bytes);
  std::uint64_t merged = 0;
  while (rows.taken < file.rows()) {
    if (!options.writer.progress({"insert", rows.taken, file.rows()}))
      return Error{Code::kCancelled, "stopped before the end", options.index.string()};
    const auto now = static_cast<std::size_t>(std::min(step, file.rows() - rows.taken));
    NEARLINE_CHECK(file.read(rows.taken, now, std::span(block).first(now * row_bytes)));
    if (records) {
      NEARLINE_TRY(said, records->next(now, line_ids));
      data = std::move(said);
    }
    const auto some_ids = ids.empty() ? std::span<const Id>(line_ids) : ids.subspan(rows.taken, now);
    const MatrixView vectors{block.data(), now, file.dim(), file.type()};
    auto added = add(options, vectors, some_ids, data, writer);
    if (!added) return explained(std::move(added).error()).in(file.path().string());
    note(*added, rows.given);
    new_ids.assign(some_ids.begin(), some_ids.end());
    if (added->first_id) {
      new_ids.resize(now);
      std::iota(new_ids.begin(), new_ids.end(), *added->first_id);
    }
    NEARLINE_CHECK(fields.give(rows.taken, new_ids, set));
    rows.taken += now;
    if (options.commit_every > 0 && rows.taken - rows.committed >= options.commit_every) {
      NEARLINE_TRY(report, writer.commit(options.relaxed ? Durability::kRelaxed : Durability::kDurable));
      merged += report.merged_records;
      rows.committed = rows.taken;
      rows.durable = report.durable;
    }
  }
  if (records) NEARLINE_CHECK(records->end());
  NEARLINE_CHECK(fields.give_rest(set));
  NEARLINE_TRY(report, writer.commit());
  merged += report.merged_records;
  rows.committed = rows.taken;
  rows.durable = true;
  if (options.writer.background_merges) {  // what was begun is finished: nobody else would do it soon
    NEARLINE_TRY(settled, writer.wait_for_merges());
    merged += settled.merged_records;
    report = settled;
  }
  report.merged_records = merged;
  return report;
}

Result<CommitReport> insert(const Options& options, Rows& rows) {
  NEARLINE_TRY(file, open_vectors(options.input, options.form));
  NEARLINE_TRY(ids, ids_for(options, file));
  NEARLINE_TRY(schema, schema_for(options));
  NEARLINE_TRY(records, records_for(options, schema));
  NEARLINE_TRY(fields, FieldsIn::open(options.fields, schema.value_or(Schema{}), file.rows()));
  if (options.upsert && ids.empty() && !(records && records->has_ids())) {
    return Error{Code::kInvalidArgument, "--upsert: expected --ids, which say what is to be replaced"};
  }
  NEARLINE_TRY(writer, Writer::open(options.index, options.writer));
  auto report = take_rows(options, file, ids, records, fields, writer, rows);
  if (!report && !rows.durable) {  // what the command did is durable when it ends, however it ends
    writer.abandon();
    rows.durable = writer.commit().has_value();
  }
  return report;
}

int run(Options& options) {
  options.writer.progress = progress_line(options.progress);
  options.writer.background_merges = options.commit_every > 0;  // beside one commit there is nothing
  Rows rows;
  auto report = insert(options, rows);
  if (!report) {
    Error error = std::move(report).error();
    if (rows.committed > 0) {
      error.what += fmt::format(", behind {} rows that are committed{}", rows.committed,
                                rows.durable ? "" : " and not durable yet");
      if (!rows.given.empty()) error.what += fmt::format(", with ids from {} on", rows.given.front().first);
    }
    return fail(error);
  }
  clear_progress_line();
  print_commit(options.index, "inserted", rows.taken, *report, options.json, {.given = rows.given});
  return 0;
}

}  // namespace

Action declare_insert(Args& args) {
  auto options = std::make_shared<Options>();
  args.changed("INDEX", options->index, "the index");
  args.vectors("INPUT", options->input, "vectors, one record a row");
  args.form(options->form);
  args.ids("--ids", options->ids, "ids in row order; new ones, which are told, unless said");
  declare_records(args, options->records);
  declare_fields(args, options->fields);
  args.flag("--upsert", options->upsert, "replace records that have the ids already, instead of refusing");
  args.number("--commit-every", options->commit_every, "commit after so many rows; 0: once, at the end");
  args.flag("--relaxed", options->relaxed,
            "do not wait for the disk between these commits; a power cut may take all since the command began");
  args.size("--memory", options->writer.memory_bytes, "bound on what commits allocate");
  args.threads(options->writer.threads, "threads; auto means one a processor");
  args.wait(options->writer.lock_timeout);
  args.untrusted(options->writer.untrusted);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline insert photos.near new.u8bin --ids new.u64bin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
