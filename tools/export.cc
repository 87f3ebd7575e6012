// SPDX-License-Identifier: Apache-2.0
/// nearline export: the vectors of an index, in ascending order of id.
#include <fmt/format.h>

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
  bool untrusted = false, force = false, progress = false;
};

Result<std::uint64_t> write_all(const Options& options) {
  const ProgressFn progress = progress_line(options.progress);
  NEARLINE_TRY(index, Index::open(options.index, {.io = IoMode::kPread, .threads = 1, .untrusted = options.untrusted}));
  const IndexInfo& info = index.info();
  NEARLINE_TRY(writer,
               VectorFileWriter::create(options.output, info.schema.type, info.schema.dim, options.force, info.count));
  std::vector<Id> ids;
  std::uint64_t done = 0;
  const auto visit = [&](std::span<const Id> some_ids, const MatrixView& vectors) -> Result<void> {
    if (!progress({"export", done, info.count}))
      return Error{Code::kCancelled, "stopped before the end", options.index.string()};
    if (!options.ids.empty()) ids.insert(ids.end(), some_ids.begin(), some_ids.end());
    done += vectors.rows;
    return writer.append(vectors);
  };
  NEARLINE_CHECK(index.for_each(kRowsAtOnce, visit));
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
  args.output("--ids-out", options->ids, "a file for the ids, .u64bin, .npy or text");
  args.untrusted(options->untrusted);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline export photos.near -o photos.u8bin --ids-out photos.u64bin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
