// SPDX-License-Identifier: Apache-2.0
/// nearline compare: two encoders of the same ids side by side.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include "nearline/evaluate.h"
#include "nearline/vector_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/id_source.h"
#include "tools/json_line.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::size_t kRecordsAtOnce = 4096;

struct Options {
  std::filesystem::path a, b;
  std::string field_a, field_b;
  IdSource ids;
  std::optional<Metric> metric;
  std::uint64_t most_rows = 20'000;
  CompareOptions how;
  bool json = false;
};

/// An index, whose records have ids, or a file of vectors, whose ids are its row numbers.
class Space {
 public:
  static Result<Space> open(const std::filesystem::path& path, const std::string& field) {
    Space space;
    space.field_ = field;
    space.path_ = path.string();
    if (path.extension() != ".near") {
      if (!field.empty()) {
        return Error{Code::kInvalidArgument, "a field: expected an index, INDEX.near, in place of vectors",
                     path.string()};
      }
      NEARLINE_TRY(file, open_vectors(path));
      space.ids_.resize(file.rows());
      std::iota(space.ids_.begin(), space.ids_.end(), Id{0});
      space.dim_ = file.dim();
      space.type_ = file.type();
      space.file_ = std::move(file);
      return space;
    }
    NEARLINE_TRY(index, Index::open(path, {.io = IoMode::kPread, .threads = 1}));
    NEARLINE_TRY(info, index.info(field));
    space.dim_ = info.schema.dim;
    space.type_ = info.schema.type;
    space.metric_ = info.schema.metric;
    const auto add = [&space](std::span<const Id> some, const MatrixView&) -> Result<void> {
      space.ids_.insert(space.ids_.end(), some.begin(), some.end());
      return {};
    };
    NEARLINE_CHECK(index.for_each(kRecordsAtOnce, add, field));
    space.index_ = std::move(index);
    return space;
  }

  [[nodiscard]] const std::vector<Id>& ids() const noexcept { return ids_; }
  [[nodiscard]] std::optional<Metric> metric() const noexcept { return metric_; }

  /// Precondition: it has the ids.
  Result<MatrixView> read(std::span<const Id> ids) {
    const std::size_t size = vector_bytes(type_, dim_);
    bytes_.resize(ids.size() * size);
    if (index_) {
      NEARLINE_CHECK(index_->get(ids, bytes_, field_));
    } else {
      for (std::size_t i = 0; i < ids.size(); ++i)
        NEARLINE_CHECK(file_->read(ids[i], 1, std::span(bytes_).subspan(i * size, size)));
    }
    return MatrixView(bytes_.data(), ids.size(), dim_, type_);
  }

  /// Errors: kNotFound, naming the first of the ids that it does not have.
  [[nodiscard]] Result<void> check(std::span<const Id> ids) const {
    for (const Id id : ids) {
      if (!std::binary_search(ids_.begin(), ids_.end(), id))
        return Error{Code::kNotFound, fmt::format("id {}: expected one that both have", id), path_};
    }
    return {};
  }

 private:
  Space() = default;

  std::optional<VectorFile> file_;
  std::optional<Index> index_;
  std::string field_, path_;
  std::vector<Id> ids_;
  std::uint32_t dim_ = 0;
  ElementType type_ = ElementType::kF32;
  std::optional<Metric> metric_;
  std::vector<std::byte> bytes_;
};

/// Those that were asked for; or those that both have, evenly thinned out where they are too many.
Result<std::vector<Id>> common_ids(const Space& a, const Space& b, const Options& options) {
  if (options.ids.given()) {
    NEARLINE_TRY(ids, options.ids.read());
    NEARLINE_CHECK(a.check(ids));
    NEARLINE_CHECK(b.check(ids));
    return ids;
  }
  std::vector<Id> both;
  std::ranges::set_intersection(a.ids(), b.ids(), std::back_inserter(both));
  if (both.size() <= options.most_rows) return both;
  std::vector<Id> some;
  some.reserve(options.most_rows);
  for (std::uint64_t i = 0; i < options.most_rows; ++i)
    some.push_back(both[static_cast<std::size_t>(i * both.size() / options.most_rows)]);
  return some;
}

void print_json(const SpaceComparison& got, const Options& options) {
  std::vector<JsonLine> maps;
  for (std::uint32_t map = 0; map < got.maps.size(); ++map) {
    maps.emplace_back();
    maps.back().put("map", name(static_cast<SpaceMap>(map))).put("first", got.maps[map].first);
    maps.back().put("among_k", got.maps[map].among_k).put("cosine", got.maps[map].cosine);
  }
  JsonLine line;
  line.put("rows", got.rows).put("k", options.how.k).put("queries", got.queries).put("overlap", got.overlap);
  line.put("chance", got.chance).put("cka", got.cka).put("procrustes", got.procrustes);
  line.put("learned_from", got.learned_from).put("held_out", got.held_out).put("anchors", got.anchors);
  line.put("maps", std::span<const JsonLine>(maps)).put("best", name(got.best)).print();
}

void print_text(const SpaceComparison& got, const Options& options) {
  fmt::print("{} and {}: {} records that both have\n", options.a.string(), options.b.string(), got.rows);
  fmt::print("overlap of the {} nearest  {:.4f} of {} records, {:.4f} by chance\n", options.how.k, got.overlap,
             got.queries, got.chance);
  fmt::print("linear CKA                {:.4f}\n", got.cka);
  fmt::print("Procrustes residual       {:.4f}\n", got.procrustes);
  fmt::print("maps from {} records, judged on {} others: own record nearest, among {}, mean cosine\n", got.learned_from,
             got.held_out, options.how.k);
  for (std::uint32_t map = 0; map < got.maps.size(); ++map) {
    fmt::print("{:<10}  {:.4f}  {:.4f}  {:.4f}{}\n", name(static_cast<SpaceMap>(map)), got.maps[map].first,
               got.maps[map].among_k, got.maps[map].cosine, static_cast<SpaceMap>(map) == got.best ? "  best" : "");
  }
}

Result<SpaceComparison> compare(Options& options) {
  NEARLINE_TRY(a, Space::open(options.a, options.field_a));
  NEARLINE_TRY(b, Space::open(options.b, options.field_b));
  NEARLINE_TRY(ids, common_ids(a, b, options));
  NEARLINE_TRY(rows_a, a.read(ids));
  NEARLINE_TRY(rows_b, b.read(ids));
  options.how.metric_a = options.metric.value_or(a.metric().value_or(Metric::kCosine));
  options.how.metric_b = options.metric.value_or(b.metric().value_or(Metric::kCosine));
  auto got = compare_spaces(rows_a, rows_b, options.how);
  if (!got) return std::move(got).error().in(options.a.string() + ", " + options.b.string());
  return got;
}

int run(Options& options) {
  const auto got = compare(options);
  if (!got) return fail(got.error());
  if (options.json) {
    print_json(*got, options);
  } else {
    print_text(*got, options);
  }
  return 0;
}

}  // namespace

Action declare_compare(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("A", options->a, "an index, INDEX.near, or vectors, whose ids are their row numbers");
  args.input("B", options->b, "the same by another encoder");
  args.text("--field-a", options->field_a, "NAME", "the field of A, where it is an index");
  args.text("--field-b", options->field_b, "NAME", "the field of B, where it is an index");
  args.ids("--ids", options->ids, "the records to compare; all that both have unless said");
  args.number("--rows", options->most_rows, "most records that are compared; more are thinned out evenly");
  args.number("-k", options->how.k, "neighbours whose overlap is taken", 1);
  args.number("--sample", options->how.sample, "records whose neighbours are compared, and held out of the maps", 1);
  args.number("--anchors", options->how.anchors, "anchors of the relative map", 1);
  args.number("--seed", options->how.seed, "draws them");
  args.metric(options->metric, "of the neighbours; an index's own and cosine of vectors unless said");
  args.json(options->json);
  args.example("nearline compare use.near lsa.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
