// SPDX-License-Identifier: Apache-2.0
/// nearline info: what an index says of itself, or what the machine gives.
#include <fmt/format.h>

#include <memory>

#include "nearline/index.h"
#include "tools/codes_in_use.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/outputs.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  std::uint64_t memory_bytes = OpenOptions{}.memory_bytes;
  bool system = false, untrusted = false, json = false;
};

std::string version_text(const IndexInfo& info) {
  return fmt::format("{}.{}", info.format_major, info.format_minor);
}

double bytes_per_vector(const IndexInfo& info) {
  return info.count > 0 ? static_cast<double>(info.file_bytes) / static_cast<double>(info.count) : 0;
}

/// The fields one after the other, as an index that had no other would show them.
template <class Visit>
void for_each_field(const Index& index, const Visit& visit) {
  const Schema schema = index.info().schema;
  std::vector<std::string> names{schema.name};
  for (const FieldSchema& field : schema.fields) names.push_back(field.name);
  for (const std::string& name : names) {
    if (const auto info = index.info(name)) visit(*info);
  }
}

void print_json(const std::string& target, const Index& index) {
  const IndexInfo info = index.info();
  JsonLine build;
  build.put("degree", info.degree).put("l_build", info.l_build).put("alpha", info.alpha);
  build.put("seed", info.seed).put("mean_degree", info.mean_degree);
  JsonLine line;
  line.put("count", info.count).put("dim", info.schema.dim).put("metric", name(info.schema.metric));
  line.put("type", name(info.schema.type)).put("layout", name(info.layout)).put("generation", info.generation);
  line.put("segments", info.segments).put("deleted", info.deleted).put("file_bytes", info.file_bytes);
  line.put("bytes_per_vector", bytes_per_vector(info)).put("build", build).put("format_version", version_text(info));
  line.put("page_bytes", info.page_bytes).put("records_per_page", info.records_per_page);
  put_codes_in_use(line, index).put("calibration_queries", info.calibration_queries);
  line.put("real_queries", info.real_queries);
  line.put("local_edge_share", info.local_edge_share).put("file_id", info.file_id);
  line.put("rolled_back", info.rolled_back).put("free_bytes", info.free_bytes);
  line.put("durable", info.durable).put("disk_bytes", info.disk_bytes);
  line.put("input_dim", info.schema.input_dim()).put("query_dim", info.schema.query_dim());
  line.put("transform", to_text(info.schema.transform));
  line.put("query_transform", to_text(info.schema.query_transform));
  JsonLine attributes;
  for (const Attribute& attribute : info.schema.attributes)
    attributes.put(attribute.name.c_str(), name(attribute.type));
  line.put("attributes", attributes);
  JsonLine fields;
  for_each_field(index, [&](const IndexInfo& field) {
    JsonLine one;
    one.put("count", field.count).put("dim", field.schema.dim).put("type", name(field.schema.type));
    one.put("metric", name(field.schema.metric)).put("indexed", field.schema.indexed);
    one.put("layout", name(field.layout)).put("segments", field.segments).put("mean_degree", field.mean_degree);
    one.put("code_bytes", field.code_bytes);
    fields.put(field.schema.name.c_str(), one);
  });
  line.put("fields", fields);
  if (!target.empty()) line.put("target", target);
  line.print();
}

void print_transforms(const Schema& schema) {
  if (!schema.transform.empty()) {
    fmt::print("transform    {} components by {} to {}\n", schema.input_dim(), to_text(schema.transform), schema.dim);
  }
  if (!schema.query_transform.empty()) {
    fmt::print("queries      {} components by {} to {}\n", schema.query_dim(), to_text(schema.query_transform),
               schema.dim);
  }
}

void print_text(const Options& options, const std::string& target, const Index& index) {
  const IndexInfo info = index.info();
  fmt::print("{}{}: {} vectors of {} {}, {}\n", options.index.string(), target.empty() ? "" : " -> " + target,
             info.count, info.schema.dim, name(info.schema.type), name(info.schema.metric));
  fmt::print("file         {} bytes ({:.1f} a vector), {} on disk, format {}, id {}\n", info.file_bytes,
             bytes_per_vector(info), info.disk_bytes, version_text(info), info.file_id);
  fmt::print("commit       generation {}, {} segment{}, {} deleted{}{}\n", info.generation, info.segments,
             info.segments == 1 ? "" : "s", info.deleted,
             info.rolled_back ? ", the commit before one that is damaged or lost" : "",
             info.durable ? "" : ", relaxed: not durable yet");
  if (info.free_bytes > 0) fmt::print("free         {} bytes for the next commits\n", info.free_bytes);
  fmt::print("layout       {}, pages of {} bytes, {} records a page\n", name(info.layout), info.page_bytes,
             info.records_per_page);
  fmt::print("graph        mean degree {:.2f} of {}, {:.1f} % of the edges stay on their page\n", info.mean_degree,
             info.degree, 100 * info.local_edge_share);
  if (info.code_bytes > 0)
    fmt::print("codes        {} bytes a {}\n", info.code_bytes, info.layout == Layout::kFused ? "target" : "vector");
  fmt::print("searches     from disk with {}: {}\n", bytes_text(static_cast<double>(options.memory_bytes)),
             codes_in_use_text(index));
  if (info.calibration_queries > 0)
    fmt::print("calibrated   for --recall, on {} {}\n", info.calibration_queries,
               info.real_queries ? "queries that were given" : "records held out");
  if (!info.schema.fields.empty()) {
    for_each_field(index, [](const IndexInfo& field) {
      fmt::print("field        {}: {} vectors of {} {}, {}{}\n", field.schema.name, field.count, field.schema.dim,
                 name(field.schema.type), name(field.schema.metric), field.schema.indexed ? "" : ", stored only");
    });
  }
  print_transforms(info.schema);
  std::string attributes;
  for (const Attribute& attribute : info.schema.attributes) {
    attributes += fmt::format("{}{} {}", attributes.empty() ? "" : ", ", attribute.name, name(attribute.type));
  }
  if (!attributes.empty()) fmt::print("attributes   {}\n", attributes);
  fmt::print("built with   -R {} --l-build {} --alpha {:.3g} --seed {}\n", info.degree, info.l_build, info.alpha,
             info.seed);
}

int print_system(bool json) {
  const SystemInfo system = system_info();
  if (!system.kernels_reason.empty()) return fail({Code::kInvalidArgument, system.kernels_reason});
  if (json) {
    JsonLine line;
    line.put("io_uring", system.io_uring).put("io_uring_reason", system.io_uring_reason);
    line.put("kernels", system.kernels).put("fused", system.fused).put("processors", system.processors);
    line.put("memory_bytes", system.memory_bytes);
    line.put("available_memory_bytes", system.available_memory_bytes).print();
    return 0;
  }
  fmt::print("io_uring    {}\n", system.io_uring ? "usable" : "not usable: " + system.io_uring_reason);
  fmt::print("kernels     {}, {}\n", system.kernels,
             system.fused ? "which makes the files of every machine with fused multiply-add"
                          : "without fused multiply-add: files differ from those of machines that have it");
  fmt::print("processors  {}\n", system.processors);
  fmt::print("memory      {}, {} of it available\n", bytes_text(static_cast<double>(system.memory_bytes)),
             bytes_text(static_cast<double>(system.available_memory_bytes)));
  return 0;
}

int run(const Options& options) {
  if (options.system == !options.index.empty())
    return fail({Code::kInvalidArgument, "info: expected the name of an index, or --system and no index"});
  if (options.system) return print_system(options.json);
  // Pages are not needed: any mode will do, and this one cannot be refused.
  const auto index = Index::open(
      options.index,
      {.io = IoMode::kPread, .memory_bytes = options.memory_bytes, .threads = 1, .untrusted = options.untrusted});
  if (!index) return fail(index.error());
  const std::string target = link_target(options.index);
  if (options.json) {
    print_json(target, *index);
  } else {
    print_text(options, target, *index);
  }
  return 0;
}

}  // namespace

Action declare_info(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index", false);
  args.flag("--system", options->system, "describe this machine instead");
  args.size("--memory", options->memory_bytes, "say what searches from disk with so much memory rank by");
  args.untrusted(options->untrusted);
  args.json(options->json);
  args.example("nearline info photos.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
