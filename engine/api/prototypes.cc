// SPDX-License-Identifier: Apache-2.0
/// Prototypes: means of groups of records, and queries classified by the nearest.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/space/unfit.h"
#include "engine/transform/transformer.h"
#include "nearline/evaluate.h"

namespace nearline {
namespace {

constexpr std::size_t kRecordsAtOnce = 1024;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

double length(std::span<const float> vector) noexcept {
  double squares = 0;
  for (const float x : vector) squares += double{x} * double{x};
  return std::sqrt(squares);
}

/// Adds up the vectors of each group.
class GroupSums {
 public:
  GroupSums(const Schema& schema, std::size_t groups)
      : schema_(schema), sums_(groups * schema.dim), counts_(groups), vector_(schema.dim) {}

  void add(const std::byte* vector, std::uint32_t group) {
    kernels::to_f32(schema_.type, vector, schema_.dim, vector_.data());
    const double scale = schema_.metric == Metric::kCosine ? 1 / length(vector_) : 1;
    ++counts_[group];
    double* const sum = sums_.data() + std::size_t{group} * schema_.dim;
    for (std::uint32_t d = 0; d < schema_.dim; ++d) sum[d] += scale * double{vector_[d]};
  }

  void write(Prototypes& result) const {
    result.counts = counts_;
    result.means.resize(sums_.size());
    for (std::size_t group = 0; group < counts_.size(); ++group) {
      const auto sum = std::span(sums_).subspan(group * schema_.dim, schema_.dim);
      double scale = 1 / std::max<double>(1, static_cast<double>(counts_[group]));
      if (schema_.metric == Metric::kCosine) {
        double squares = 0;
        for (const double x : sum) squares += x * x;
        scale = squares > 0 ? 1 / std::sqrt(squares) : 0;  // vectors that cancel have no direction in the mean
      }
      for (std::size_t d = 0; d < sum.size(); ++d)
        result.means[group * schema_.dim + d] = static_cast<float>(scale * sum[d]);
    }
  }

 private:
  const Schema& schema_;
  std::vector<double> sums_;
  std::vector<std::uint64_t> counts_;
  std::vector<float> vector_;
};

/// Queries as the index compares them, [rows x dim] f32.
Result<std::vector<float>> as_compared(const MatrixView& queries, const Schema& schema, bool as_stored) {
  const bool transforms = !as_stored && !(schema.transform.empty() && schema.query_transform.empty());
  const std::uint32_t dim = transforms ? schema.query_dim() : schema.dim;
  if (queries.dim != dim)
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": expected " + std::to_string(dim));
  if (queries.type == ElementType::kB1 || (!transforms && !comparable(queries.type, schema.type))) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(schema.type)));
  }
  std::vector<float> rows(queries.rows * schema.dim);
  const auto refused = [](std::size_t row, const char* fault) {
    return Error{.code = Code::kBadInput, .what = "row " + std::to_string(row) + " " + fault};
  };
  if (transforms) {
    const engine::Transformer transformer(schema.query_transform.empty() ? schema.transform : schema.query_transform,
                                          schema.transform);
    if (const auto unfit = transformer.apply(queries, rows)) return refused(unfit->row, unfit->fault);
  } else {
    kernels::to_f32(queries.type, queries.data, rows.size(), rows.data());
  }
  const MatrixView made(std::span<const float>(rows), schema.dim);
  for (std::size_t i = 0; i < made.rows; ++i) {
    if (const char* fault = engine::unfit_query(schema.metric, made.type, made.row(i), made.dim))
      return refused(i, fault);
  }
  return rows;
}

double distance(Metric metric, std::span<const float> query, std::span<const float> mean) noexcept {
  double sum = 0;
  if (metric == Metric::kL2) {
    for (std::size_t d = 0; d < query.size(); ++d) {
      const double difference = double{query[d]} - double{mean[d]};
      sum += difference * difference;
    }
    return sum;
  }
  for (std::size_t d = 0; d < query.size(); ++d) sum += double{query[d]} * double{mean[d]};
  return 1 - (metric == Metric::kCosine ? sum / length(query) : sum);
}

Classified nearest(const Prototypes& prototypes, Metric metric, std::span<const float> query) {
  Classified best;
  best.distance = best.second_distance = std::numeric_limits<double>::infinity();
  for (std::uint32_t group = 0; group < prototypes.names.size(); ++group) {
    const auto mean = std::span(prototypes.means).subspan(std::size_t{group} * prototypes.dim, prototypes.dim);
    const double to_it = distance(metric, query, mean);
    if (to_it < best.distance) {
      best.second = best.group;
      best.second_distance = best.distance;
      best.group = group;
      best.distance = to_it;
    } else if (to_it < best.second_distance) {
      best.second = group;
      best.second_distance = to_it;
    }
  }
  return best;
}

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out += quote;
}

/// The filter that the records of a group match.
std::string filter_of(const Prototypes& prototypes, std::uint32_t group, const Schema& schema) {
  const auto attribute = std::ranges::find(schema.attributes, prototypes.attribute, &Attribute::name);
  const bool text = attribute != schema.attributes.end() && attribute->type == AttributeType::kString;
  const std::string& value = prototypes.names[group];
  return in_quotes(prototypes.attribute, '"') + " = " + (text ? in_quotes(value, '\'') : value);
}

Result<void> name_members(const Index& index, const Prototypes& prototypes, const MatrixView& query,
                          const ClassifyOptions& options, const Schema& schema, Classified& one) {
  SearchOptions search{.k = options.members, .l = std::max(options.l, options.members)};
  search.filter = filter_of(prototypes, one.group, schema);
  search.as_stored = options.as_stored;
  search.field = prototypes.field;
  NEARLINE_TRY(found, index.search(query, search));
  one.members.assign(found.ids.begin(), found.ids.begin() + found.counts[0]);
  one.member_distances.assign(found.distances.begin(), found.distances.begin() + found.counts[0]);
  return {};
}

}  // namespace

Result<Prototypes> make_prototypes(const Index& index, std::string_view attribute, std::string_view field) {
  NEARLINE_TRY(info, index.info(field));
  const Schema& schema = info.schema;
  if (schema.type == ElementType::kB1) return invalid("prototypes: expected vectors that have a mean, found b1");
  NEARLINE_TRY(labels, labels_by(index, attribute, field));
  if (labels.names.size() < 2) {
    return invalid("attribute '" + std::string(attribute) + "': expected two groups of records or more, found " +
                   std::to_string(labels.names.size()));
  }
  GroupSums sums(schema, labels.names.size());
  NEARLINE_CHECK(index.for_each(
      kRecordsAtOnce,
      [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
        for (std::size_t i = 0; i < ids.size(); ++i) {
          const std::uint32_t label = labels.label_of(ids[i]);
          if (label != Labels::kNone) sums.add(vectors.row(i), label);
        }
        return {};
      },
      field));
  Prototypes result{.attribute = std::string(attribute), .field = std::string(field), .dim = schema.dim};
  result.names = std::move(labels.names);
  sums.write(result);
  return result;
}

Result<std::vector<Classified>> classify(const Index& index, const Prototypes& prototypes, const MatrixView& queries,
                                         const ClassifyOptions& options) {
  NEARLINE_TRY(info, index.info(prototypes.field));
  const Schema& schema = info.schema;
  if (prototypes.dim != schema.dim || prototypes.names.size() < 2 ||
      prototypes.means.size() != prototypes.names.size() * prototypes.dim) {
    return invalid("prototypes: expected two or more of dimension " + std::to_string(schema.dim) + ", found " +
                   std::to_string(prototypes.names.size()) + " of " + std::to_string(prototypes.dim));
  }
  NEARLINE_TRY(rows, as_compared(queries, schema, options.as_stored));
  std::vector<Classified> all;
  all.reserve(queries.rows);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    all.push_back(nearest(prototypes, schema.metric, std::span(rows).subspan(i * schema.dim, schema.dim)));
    if (options.members == 0) continue;
    const MatrixView query(queries.row(i), 1, queries.dim, queries.type);
    NEARLINE_CHECK(name_members(index, prototypes, query, options, schema, all.back()));
  }
  return all;
}

}  // namespace nearline
