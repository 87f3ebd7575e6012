// SPDX-License-Identifier: Apache-2.0
/// nearline report: one page about one index, for people.
#include <fmt/format.h>

#include <memory>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/report/measure.h"
#include "tools/report/page.h"
#include "tools/text_file.h"

namespace nearline::tools {
namespace {

struct Options {
  ReportSetup setup;
  std::filesystem::path output;
  bool force = false, progress = false;
};

Result<void> make(const Options& options) {
  // The index first: where there is none, nothing need be said of the output.
  NEARLINE_CHECK(Index::open(options.setup.search.index, options.setup.search.open));
  NEARLINE_TRY(writer, TextFile::create(options.output, options.force));
  NEARLINE_TRY(report, measure_report(options.setup, progress_line(options.progress)));
  return writer.finish(report_page(report));
}

int run(const Options& options) {
  if (const auto made = make(options); !made) return fail(made.error());
  clear_progress_line();
  fmt::print("{}\n", options.output.string());
  return 0;
}

}  // namespace

Action declare_report(Args& args) {
  auto options = std::make_shared<Options>();
  ReportSetup& setup = options->setup;
  setup.search.open.threads = 1;
  args.input("INDEX", setup.search.index, "the index");
  args.output("-o,--output", options->output, "the HTML page to make", true);
  args.file("--queries", setup.search.queries, "vectors to search for; without them, records of the index itself");
  args.file("--truth", setup.truth, "exact neighbours of the queries; without them, they are found");
  args.number("--sample", setup.sample, "records of the index whose exact neighbours are found", 0, 100'000);
  args.number("--seed", setup.seed, "draws the sample");
  args.list("-L", setup.lengths, "candidates kept while walking, one point of the curves for each");
  declare_search_options(args, setup.search);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline report photos.near -o photos.html --queries queries.u8bin --truth truth.ibin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
