// SPDX-License-Identifier: Apache-2.0
/// nearline convert: vectors to vectors, neighbours to neighbours.
#include <fmt/format.h>

#include <memory>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path input, output;
  std::string form;
  bool force = false, progress = false;
};

/// Whether nothing but neighbours can be in it; .npy is what stands at the other end.
bool holds_neighbors(const std::filesystem::path& path) {
  const auto extension = path.extension();
  return extension == ".ibin" || extension == ".ibin64" || extension == ".ivecs";
}

int convert_neighbors(const Options& options) {
  catch_interrupts();  // what is half written is not left behind
  auto table = read_neighbors(options.input);
  if (!table) return fail(table.error());
  // A form with distances is never invented for a table without: whoever reads it would take zeros for truth.
  if (auto written = write_neighbors(options.output, *table, options.force); !written) return fail(written.error());
  fmt::print("{}: {} rows of {} neighbours{}\n", options.output.string(), table->queries, table->k,
             table->distances.empty() ? ", without distances" : "");
  return 0;
}

int run(const Options& options) {
  if (holds_neighbors(options.input) || (holds_neighbors(options.output) && options.input.extension() == ".npy"))
    return convert_neighbors(options);
  const auto in = open_vectors(options.input, options.form);
  if (!in) return fail(in.error());
  const auto rows = convert_vectors(*in, options.output, options.force, progress_line(options.progress));
  if (!rows) return fail(rows.error());
  clear_progress_line();
  fmt::print("{}: {} rows\n", options.output.string(), *rows);
  return 0;
}

}  // namespace

Action declare_convert(Args& args) {
  auto options = std::make_shared<Options>();
  args.vectors("IN", options->input, "vectors or neighbours");
  args.form(options->form);
  args.output("OUT", options->output, "the file to make; its extension says in which form", true);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline convert photos.bvecs photos.fbin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
