// SPDX-License-Identifier: Apache-2.0
/// nearline snapshot: a copy of an index that may be written to meanwhile.
#include <fmt/format.h>

#include <memory>

#include "nearline/index.h"
#include "tools/commands.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, output;
  bool untrusted = false, force = false, progress = false;
};

int run(const Options& options) {
  const ProgressFn progress = progress_line(options.progress);
  const auto index = Index::open(options.index, {.io = IoMode::kPread, .threads = 1, .untrusted = options.untrusted});
  if (!index) return fail(index.error());
  if (const auto copied = index.value().snapshot(options.output, options.force, progress); !copied)
    return fail(copied.error());
  clear_progress_line();
  fmt::print("{}: generation {} of {}, {} vectors\n", options.output.string(), index.value().info().generation,
             options.index.string(), index.value().info().count);
  return 0;
}

}  // namespace

Action declare_snapshot(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.output("-o,--output", options->output, "the copy to make", true);
  args.untrusted(options->untrusted);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline snapshot photos.near -o backup.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
