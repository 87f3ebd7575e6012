// SPDX-License-Identifier: Apache-2.0
/// nearline profile: what a data set looks like to a graph index.
#include <fmt/format.h>

#include <memory>

#include "nearline/exact.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path input;
  std::optional<Metric> metric;
  ProfileOptions profile;
  bool json = false, progress = false;
};

void put_row(JsonLine& line, const char* key, std::uint64_t row) {
  if (row == kNoId) {
    line.put_null(key);
  } else {
    line.put(key, row);
  }
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
  for (const std::string& sentence : profile.advice) fmt::print("- {}\n", sentence);
}

Result<Profile> take(const Options& options) {
  NEARLINE_TRY(file, open_vectors(options.input));
  ProfileOptions how = options.profile;
  how.metric = options.metric.value_or(file.type() == ElementType::kB1 ? Metric::kHamming : Metric::kL2);
  return profile(file, how);
}

int run(Options& options) {
  options.profile.progress = progress_line(options.progress);
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
  args.threads(options->profile.threads, "threads; auto means one a processor");
  args.number("--seed", options->profile.seed, "draws the sample");
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline profile photos.u8bin --sample 1000");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
