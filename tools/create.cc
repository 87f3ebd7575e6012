// SPDX-License-Identifier: Apache-2.0
/// nearline create: an index without a record, of a schema.
#include <fmt/format.h>

#include <memory>

#include "nearline/builder.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/schema_file.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, schema;
  BuildOptions build;
  bool json = false;
};

Result<Schema> create(const Options& options) {
  NEARLINE_TRY(said, read_schema(options.schema));
  NEARLINE_TRY(schema, index_schema(std::move(said), options.schema));
  BuildOptions build = options.build;
  if (build.layout == Layout::kAuto) build.layout = Layout::kLean;  // nobody knows yet how many records there will be
  NEARLINE_TRY(builder, Builder::create(options.index, schema, build));
  NEARLINE_CHECK(builder.finish());
  return schema;
}

int run(const Options& options) {
  const auto schema = create(options);
  if (!schema) return fail(schema.error());
  if (options.json) {
    JsonLine().put("index", options.index.string()).put("fields", schema->fields.size() + 1).print();
    return 0;
  }
  fmt::print("{}: no records, {} field{}\n", options.index.string(), schema->fields.size() + 1,
             schema->fields.empty() ? "" : "s");
  return 0;
}

}  // namespace

Action declare_create(Args& args) {
  auto options = std::make_shared<Options>();
  args.output("INDEX", options->index, "the index to make", true);
  args.file("--schema", options->schema, "JSON: the fields, the attributes and their types", true);
  args.number("-R,--degree", options->build.degree, "neighbours kept for each record", 4, 1024);
  args.number("--l-build", options->build.l_build, "candidates kept while linking", 4, 4096);
  args.real("--alpha", options->build.alpha, "pruning slack; larger keeps longer edges", 1.0F, 2.0F);
  args.number("--seed", options->build.seed, "same input, options and seed: same bytes");
  args.code_bytes(options->build.code_bytes);
  args.layout(options->build.layout);
  args.force(options->build.replace);
  args.json(options->json);
  args.example("nearline create goods.near --schema goods.json");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
