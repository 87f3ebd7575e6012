// SPDX-License-Identifier: Apache-2.0
/// nearline export: the vectors of an index, in ascending order of id.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "nearline/index.h"
#include "nearline/vector_file.h"
#include "tools/commands.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;

struct Options {
  std::filesystem::path index, output, ids;
  std::string filter, field;
  bool untrusted = false, force = false, progress = false;
};

Result<void> visit_matches(const Index& index, const Options& options, const Index::VisitFn& visit) {
  NEARLINE_TRY(ids, index.matching_ids(options.filter));
  NEARLINE_TRY(there, index.contains(ids, options.field));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (there[i]) ids[kept++] = ids[i];
  }
  ids.resize(kept);
  NEARLINE_TRY(info, index.info(options.field));
  const Schema& schema = info.schema;
  std::vector<std::byte> vectors;
  for (std::size_t first = 0; first < ids.size(); first += kRowsAtOnce) {
    const auto some = std::span(ids).subspan(first, std::min(kRowsAtOnce, ids.size() - first));
    vectors.resize(some.size() * vector_bytes(schema.type, schema.dim));
    NEARLINE_CHECK(index.get(some, vectors, options.field));
    NEARLINE_CHECK(visit(some, {vectors.data(), some.size(), schema.dim, schema.type}));
  }
  return {};
}

Result<std::uint64_t> write_all(const Options& options) {
  const ProgressFn progress = progress_line(options.progress);
  NEARLINE_TRY(index, Index::open(options.index, {.io = IoMode::kPread, .threads = 1, .untrusted = options.untrusted}));
  NEARLINE_TRY(info, index.info(options.field));
  std::uint64_t rows = info.count;
  if (!options.filter.empty()) {
    NEARLINE_TRY(matches, index.count(options.filter));
    rows = matches;
  }
  NEARLINE_TRY(writer,
               VectorFileWriter::create(options.output, info.schema.type, info.schema.dim, options.force, rows));
  std::vector<Id> ids;
  std::uint64_t done = 0;
  const auto visit = [&](std::span<const Id> some_ids, const MatrixView& vectors) -> Result<void> {
    if (!progress({"export", done, info.count}))
      return Error{Code::kCancelled, "stopped before the end", options.index.string()};
    if (!options.ids.empty()) ids.insert(ids.end(), some_ids.begin(), some_ids.end());
    done += vectors.rows;
    return writer.append(vectors);
  };
  NEARLINE_CHECK(options.filter.empty() ? index.for_each(kRowsAtOnce, visit, options.field)
                                        : visit_matches(index, options, visit));
  // The ids first: vectors that stand there alone would be taken for row numbers.
  if (!options.ids.empty()) NEARLINE_CHECK(write_ids(options.ids, ids, options.force));
  NEARLINE_CHECK(writer.finish());
  return done;
}

int run(const Options& options) {
  const auto rows = write_all(options);
  if (!rows) return fail(rows.error());
  clear_progress_line();
  fmt::print("{}: {} rows\n", options.output.string(), *rows);
  return 0;
}

}  // namespace

Action declare_export(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.output("-o,--output", options->output, "the file of vectors to make, rows in ascending order of id", true);
  args.filter(options->filter);
  args.field(options->field);
  args.output("--ids-out", options->ids, "a file for the ids, .u64bin, .npy or text");
  args.untrusted(options->untrusted);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline export photos.near -o photos.u8bin --ids-out photos.u64bin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
