// SPDX-License-Identifier: Apache-2.0
/// nearline count: how many records there are, or match a filter.
#include <fmt/format.h>

#include <memory>

#include "nearline/index.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  std::string filter;
  OpenOptions open{.io = IoMode::kPread, .threads = 1};
  bool json = false;
};

int run(const Options& options) {
  const auto index = Index::open(options.index, options.open);
  if (!index) return fail(index.error());
  std::uint64_t count = index->info().count;
  if (!options.filter.empty()) {
    const auto matches = index->count(options.filter);
    if (!matches) return fail(matches.error());
    count = *matches;
  }
  if (options.json) {
    JsonLine().put("count", count).print();
  } else {
    fmt::print("{}\n", count);
  }
  return 0;
}

}  // namespace

Action declare_count(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.filter(options->filter);
  args.memory(options->open.memory_bytes);
  args.untrusted(options->open.untrusted);
  args.json(options->json);
  args.example("nearline count photos.near --filter \"lang = 'en' and year >= 2019\"");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
