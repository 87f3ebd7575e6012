// SPDX-License-Identifier: Apache-2.0
/// order_shift: the same records in five orders, and what the order did to recall.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <system_error>

#include "engine/progress.h"
#include "engine/random.h"
#include "engine/threads.h"
#include "engine/vectors/exact_scan.h"
#include "engine/vectors/profile_dimension.h"
#include "nearline/builder.h"
#include "nearline/evaluate.h"
#include "nearline/writer.h"

namespace nearline {
namespace {

constexpr std::uint32_t kDimensionNeighbors = 100;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check(const VectorFile& base, const OrderOptions& options) {
  NEARLINE_CHECK(engine::check_threads(options.threads));
  if (options.records == 0 || options.queries == 0 || options.k == 0 || options.l == 0 || options.parts == 0)
    return invalid("records, queries, k, L and parts: expected 1 or more of each, found 0");
  if (!compatible(options.metric, base.type()) || base.type() == ElementType::kB1) {
    return invalid("orders: expected vectors of numbers that " + std::string(name(options.metric)) +
                   " compares, found " + std::string(name(base.type())));
  }
  const std::uint64_t least = std::uint64_t{options.queries} + std::max(options.parts, options.k);
  if (base.rows() >= least) return {};
  return invalid("rows: expected " + std::to_string(least) + " or more for the queries, the parts and k, found " +
                 std::to_string(base.rows()));
}

/// Rows of one element type in memory.
class Rows {
 public:
  Rows(ElementType type, std::uint32_t dim) : type_(type), dim_(dim) {}

  Result<void> read(const VectorFile& file, std::uint64_t row) {
    bytes_.resize(bytes_.size() + vector_bytes(type_, dim_));
    return file.read(row, 1, std::span(bytes_).last(vector_bytes(type_, dim_)));
  }
  void append(const std::byte* row) { bytes_.insert(bytes_.end(), row, row + vector_bytes(type_, dim_)); }
  [[nodiscard]] MatrixView view() const {
    return {bytes_.data(), bytes_.size() / vector_bytes(type_, dim_), dim_, type_};
  }

 private:
  ElementType type_;
  std::uint32_t dim_;
  std::vector<std::byte> bytes_;
};

std::vector<double> dimensions_of(const MatrixView& records, const OrderOptions& options) {
  const auto k = static_cast<std::uint32_t>(std::min<std::size_t>(kDimensionNeighbors, records.rows));
  engine::ExactScan scan(records, records.type,
                         engine::dimension_scan(options.metric, k, engine::thread_count(options.threads)));
  scan.show(records, 0);
  std::vector<double> dimensions(records.rows);
  for (std::size_t i = 0; i < records.rows; ++i) dimensions[i] = engine::local_dimension(scan.hits(i));
  return dimensions;
}

std::vector<Id> in_order(Order order, const std::vector<double>& dimensions, std::uint64_t seed) {
  std::vector<Id> ids(dimensions.size());
  std::iota(ids.begin(), ids.end(), Id{0});
  switch (order) {
    case Order::kGiven: break;
    case Order::kReversed: std::reverse(ids.begin(), ids.end()); break;
    case Order::kShuffled: {
      engine::Random random(seed);
      for (std::size_t i = ids.size(); i > 1; --i) std::swap(ids[i - 1], ids[random.below(i)]);
      break;
    }
    case Order::kEasyFirst:
      std::stable_sort(ids.begin(), ids.end(), [&](Id a, Id b) { return dimensions[a] < dimensions[b]; });
      break;
    case Order::kHardFirst:
      std::stable_sort(ids.begin(), ids.end(), [&](Id a, Id b) { return dimensions[a] > dimensions[b]; });
      break;
  }
  return ids;
}

/// Makes the index: the first part by a build, each of the others by a commit.
Result<void> make(const std::filesystem::path& path, const MatrixView& records, const std::vector<Id>& order,
                  const OrderOptions& options) {
  const std::size_t parts = options.parts;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto ids = std::span(order).subspan(part * order.size() / parts,
                                              (part + 1) * order.size() / parts - part * order.size() / parts);
    Rows rows(records.type, records.dim);
    for (const Id id : ids) rows.append(records.row(id));
    if (part == 0) {
      BuildOptions build;
      build.threads = options.threads;
      build.replace = true;
      NEARLINE_TRY(builder,
                   Builder::create(path, {.dim = records.dim, .type = records.type, .metric = options.metric}, build));
      NEARLINE_CHECK(builder.add(rows.view(), ids));
      NEARLINE_CHECK(builder.finish());
      continue;
    }
    WriterOptions write;
    write.delta_records = 1;  // so that parts are linked, and not only compared
    write.background_merges = false;
    write.threads = options.threads;
    NEARLINE_TRY(writer, Writer::open(path, write));
    NEARLINE_CHECK(writer.insert(rows.view(), ids));
    NEARLINE_CHECK(writer.commit());
  }
  return {};
}

Result<double> recall_of(const std::filesystem::path& path, const MatrixView& queries, const OrderOptions& options) {
  NEARLINE_TRY(index, Index::open(path, {.threads = 1}));
  NEARLINE_TRY(found, index.search(queries, {.k = options.k, .l = std::max(options.l, options.k)}));
  NEARLINE_TRY(all, index.search(queries, {.k = options.k, .exact = true}));
  std::size_t hits = 0;
  for (std::size_t q = 0; q < queries.rows; ++q) {
    const float last = all.distances[q * options.k + all.counts[q] - 1];
    for (std::size_t i = q * options.k; i < q * options.k + found.counts[q]; ++i)
      hits += found.distances[i] <= last ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(queries.rows * options.k);
}

/// The index of one order after another, which is gone with it.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::string_view name(Order order) noexcept {
  switch (order) {
    case Order::kGiven: return "given";
    case Order::kReversed: return "reversed";
    case Order::kShuffled: return "shuffled";
    case Order::kEasyFirst: return "easy_first";
    case Order::kHardFirst: return "hard_first";
  }
  return "";
}

Result<OrderShift> order_shift(const VectorFile& base, const std::filesystem::path& folder,
                               const OrderOptions& options) {
  NEARLINE_CHECK(check(base, options));
  const std::uint64_t wanted = std::min<std::uint64_t>(base.rows(), std::uint64_t{options.records} + options.queries);
  const std::vector<std::uint64_t> drawn = engine::sample_rows(base.rows(), wanted, options.seed);
  const std::vector<std::uint64_t> asked = engine::sample_rows(wanted, options.queries, options.seed + 1);
  Rows records(base.type(), base.dim());
  Rows queries(base.type(), base.dim());
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    Rows& rows = std::binary_search(asked.begin(), asked.end(), i) ? queries : records;
    NEARLINE_CHECK(rows.read(base, drawn[i]));
  }
  OrderShift result;
  result.records = static_cast<std::uint32_t>(records.view().rows);
  result.queries = options.queries;
  const std::vector<double> dimensions = dimensions_of(records.view(), options);
  const Scratch scratch(folder / "order.near");
  for (std::size_t i = 0; i < kOrders; ++i) {
    NEARLINE_CHECK(engine::report(options.progress, {"orders", i, kOrders}));
    const std::vector<Id> order = in_order(static_cast<Order>(i), dimensions, options.seed);
    NEARLINE_CHECK(make(scratch.path(), records.view(), order, options));
    NEARLINE_TRY(recall, recall_of(scratch.path(), queries.view(), options));
    result.recall[i] = recall;
  }
  return result;
}

}  // namespace nearline
