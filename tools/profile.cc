// SPDX-License-Identifier: Apache-2.0
/// nearline profile: what a data set looks like to a graph index.
#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "nearline/evaluate.h"
#include "nearline/exact.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/tune/work_folder.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path input, pairs;
  std::optional<Metric> metric;
  ProfileOptions profile;
  OrderOptions orders;
  bool try_orders = false, json = false, progress = false;
};

void put_row(JsonLine& line, const char* key, std::uint64_t row) {
  if (row == kNoId) {
    line.put_null(key);
  } else {
    line.put(key, row);
  }
}

JsonLine shape_line(const ProfileShape& shape) {
  JsonLine line;
  line.put("sample", shape.sample).put("k", shape.k).put("isotropy", shape.isotropy);
  line.put("effective_rank", shape.effective_rank).put("collapsed", shape.collapsed);
  line.put("uniformity", shape.uniformity).put("alignment", shape.alignment).put("pairs", shape.pairs);
  line.put("hubness", shape.hubness).put("neighbor_entropy", shape.neighbor_entropy);
  line.put("coding_rate", shape.coding_rate);
  return line;
}

void print_shape(const Profile& profile) {
  const ProfileShape& shape = profile.shape;
  if (shape.sample > 0) {
    fmt::print("isotropy                       {:.3f}: effective rank {:.1f} of {}, {} directions hardly vary\n",
               shape.isotropy, shape.effective_rank, profile.dim, shape.collapsed);
    fmt::print("uniformity                     {:.3f}, coding rate {:.1f} nats\n", shape.uniformity, shape.coding_rate);
    fmt::print("hubness                        {:.2f} (skewness of being among {} nearest of {} sampled rows)\n",
               shape.hubness, shape.k, shape.sample);
    fmt::print("entropy by neighbours          {:.1f} nats\n", shape.neighbor_entropy);
  }
  if (shape.pairs > 0) fmt::print("alignment                      {:.4f} of {} pairs\n", shape.alignment, shape.pairs);
}

void print_json(const Profile& profile) {
  JsonLine norm;
  norm.put("min", profile.norm_min).put("mean", profile.norm_mean).put("max", profile.norm_max);
  JsonLine lid;
  lid.put("mean", profile.lid_mean).put("median", profile.lid_median).put("k", profile.lid_k);
  lid.put("sample", profile.lid_sample);
  JsonLine line;
  line.put("rows", profile.rows).put("dim", profile.dim).put("type", name(profile.type)).put("norm", norm);
  line.put("zero_vectors", profile.zero_vectors).put("invalid_vectors", profile.invalid_vectors);
  put_row(line, "first_invalid_row", profile.first_invalid_row);
  line.put("overlong_vectors", profile.overlong_vectors);
  put_row(line, "first_overlong_row", profile.first_overlong_row);
  line.put("duplicates", profile.duplicates).put("constant_components", profile.constant_components).put("lid", lid);
  line.put("shape", shape_line(profile.shape));
  line.put("advice", std::span<const std::string>(profile.advice)).print();
}

void print_text(const std::filesystem::path& input, const Profile& profile) {
  fmt::print("{}: {} rows of {} {}\n", input.string(), profile.rows, profile.dim, name(profile.type));
  fmt::print("norms                          {:.6g} to {:.6g}, mean {:.6g}\n", profile.norm_min, profile.norm_max,
             profile.norm_mean);
  fmt::print("zero vectors                   {}\n", profile.zero_vectors);
  fmt::print("rows with NaN or infinity      {}", profile.invalid_vectors);
  if (profile.invalid_vectors > 0) fmt::print(", the first is row {}", profile.first_invalid_row);
  fmt::print("\n");
  fmt::print("rows too long for distances    {}", profile.overlong_vectors);
  if (profile.overlong_vectors > 0) fmt::print(", the first is row {}", profile.first_overlong_row);
  fmt::print("\n");
  fmt::print("rows equal to an earlier one   {}\n", profile.duplicates);
  fmt::print("components that never vary     {}\n", profile.constant_components);
  fmt::print("local intrinsic dimensionality mean {:.1f}, median {:.1f} ({} neighbours of {} sampled rows)\n",
             profile.lid_mean, profile.lid_median, profile.lid_k, profile.lid_sample);
  print_shape(profile);
  for (const std::string& sentence : profile.advice) fmt::print("- {}\n", sentence);
}

/// Row numbers as read_ids has them, the two of each pair one behind the other.
Result<std::vector<std::pair<std::uint64_t, std::uint64_t>>> read_pairs(const std::filesystem::path& path) {
  NEARLINE_TRY(rows, read_ids(path));
  if (rows.size() % 2 != 0)
    return Error{Code::kBadInput, fmt::format("pairs: expected two rows each, found {} rows", rows.size()),
                 path.string()};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  pairs.reserve(rows.size() / 2);
  for (std::size_t i = 0; i < rows.size(); i += 2) pairs.emplace_back(rows[i], rows[i + 1]);
  return pairs;
}

Result<Profile> take(const Options& options) {
  NEARLINE_TRY(file, open_vectors(options.input));
  ProfileOptions how = options.profile;
  if (!options.pairs.empty()) {
    NEARLINE_TRY(pairs, read_pairs(options.pairs));
    how.pairs = std::move(pairs);
  }
  how.metric = options.metric.value_or(file.type() == ElementType::kB1 ? Metric::kHamming : Metric::kL2);
  return profile(file, how);
}

void print_orders(const OrderShift& got, const OrderOptions& how, bool json) {
  JsonLine recalls;
  std::string text;
  for (std::size_t i = 0; i < kOrders; ++i) {
    const std::string_view order = name(static_cast<Order>(i));
    recalls.put(std::string(order).c_str(), got.recall[i]);
    text += fmt::format("{}{} {:.4f}", i == 0 ? "" : ", ", order, got.recall[i]);
  }
  if (json) {
    JsonLine line;
    line.put("records", got.records).put("queries", got.queries).put("k", how.k).put("L", how.l);
    line.put("parts", how.parts).put("orders", recalls).put("shift", got.shift()).print();
  } else {
    fmt::print("recall@{} by order of insertion {}\nlargest shift of {} records in {} parts at L {}: {:.4f}\n", how.k,
               text, got.records, how.parts, how.l, got.shift());
  }
}

/// Works in the system's folder for temporary files.
int run_orders(Options& options) {
  OrderOptions& how = options.orders;
  how.threads = options.profile.threads;
  how.seed = options.profile.seed;
  how.progress = options.profile.progress;
  how.metric = options.metric.value_or(Metric::kL2);
  const auto file = open_vectors(options.input);
  if (!file) return fail(file.error());
  const auto folder = WorkFolder::create(std::filesystem::temp_directory_path());
  if (!folder) return fail(folder.error());
  auto got = order_shift(*file, folder->path(), how);
  if (!got) {
    Error error = std::move(got).error();
    return fail(error.code == Code::kInvalidArgument ? std::move(error).in(options.input.string()) : error);
  }
  clear_progress_line();
  print_orders(*got, how, options.json);
  return 0;
}

int run(Options& options) {
  options.profile.progress = progress_line(options.progress);
  if (options.try_orders) return run_orders(options);
  const auto profile = take(options);
  if (!profile) return fail(profile.error());
  clear_progress_line();
  if (options.json) {
    print_json(*profile);
  } else {
    print_text(options.input, *profile);
  }
  return 0;
}

}  // namespace

Action declare_profile(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INPUT", options->input, "vectors");
  args.metric(options->metric, "distance of the dimensionality; l2 unless said, hamming for b1");
  args.number("--sample", options->profile.sample, "rows whose dimensionality is taken", 1);
  args.number("-k", options->profile.k, "neighbours that it is taken from", 2, 10'000);
  args.file("--pairs", options->pairs,
            "rows that ought to be near, for alignment: numbers a line, .u64bin or .npy, two after two");
  args.threads(options->profile.threads, "threads; auto means one a processor");
  args.number("--seed", options->profile.seed, "draws the sample");
  args.flag("--orders", options->try_orders,
            "instead: insert a sample in five orders, and tell how far recall shifts between them");
  args.number("--order-records", options->orders.records, "with --orders: records of the sample", 1);
  args.number("--order-queries", options->orders.queries, "with --orders: rows that are searched for", 1);
  args.number("--order-parts", options->orders.parts, "with --orders: one is built, the others are committed", 1, 100);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline profile photos.u8bin --sample 1000");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
