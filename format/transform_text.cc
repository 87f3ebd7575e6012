// SPDX-License-Identifier: Apache-2.0
/// Steps as values, and transforms as text.
#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <optional>

#include "format/nearest_word.h"
#include "format/transform.h"

namespace nearline {
namespace {

using format::step_name;

constexpr StepKind kKinds[] = {StepKind::kNormalize, StepKind::kCenter,   StepKind::kPca,  StepKind::kSparseRandom,
                               StepKind::kMatrix,    StepKind::kRelative, StepKind::kField};

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

/// One step as it is written: a word, and what stands between parentheses with commas.
struct Written {
  std::string_view word;
  std::vector<std::string_view> arguments;
};

/// Takes the first step and the comma behind it off the text.
Result<Written> next_written(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(",("), text.size());
  Written step{.word = trimmed(text.substr(0, end)), .arguments = {}};
  if (step.word.empty()) return invalid("transform: expected a step, as in 'center, pca(64)'");
  text.remove_prefix(end);
  if (text.starts_with('(')) {
    const std::size_t close = text.find(')');
    if (close == text.npos) {
      return invalid("transform: step " + in_quotes(step.word) + ": expected a ) behind what it goes by");
    }
    std::string_view inside = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    while (true) {
      const std::size_t comma = std::min(inside.find(','), inside.size());
      step.arguments.push_back(trimmed(inside.substr(0, comma)));
      if (comma == inside.size()) break;
      inside.remove_prefix(comma + 1);
    }
  }
  text = trimmed(text);
  if (text.empty()) return step;
  if (text.front() != ',' || trimmed(text.substr(1)).empty()) {
    return invalid("transform: " + in_quotes(text) + " behind step " + in_quotes(step.word) +
                   ": expected a comma and one more step, or the end");
  }
  text.remove_prefix(1);
  return step;
}

Result<StepKind> kind_of(std::string_view word) {
  std::vector<std::string> known;
  std::string all;
  for (const StepKind kind : kKinds) {
    if (word == step_name(kind)) return kind;
    all += (known.empty() ? "" : ", ") + std::string(step_name(kind));
    known.emplace_back(step_name(kind));
  }
  const std::string near = format::nearest_word(word, known);
  return invalid("transform: unknown step " + in_quotes(word) + ": " +
                 (near.empty() ? "expected one of " + all : "did you mean " + in_quotes(near) + "?"));
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Error bad_arguments(const Written& step, const char* expected) {
  return invalid("transform: step " + in_quotes(step.word) + ": expected " + expected);
}

Result<TransformStep> sized_step(StepKind kind, const Written& step) {
  const bool seeded = kind == StepKind::kSparseRandom;
  const std::size_t most = seeded ? 2 : 1;
  std::optional<std::uint32_t> k;
  std::optional<std::uint64_t> seed = 1;
  if (!step.arguments.empty() && step.arguments.size() <= most) k = number<std::uint32_t>(step.arguments[0]);
  if (step.arguments.size() == 2) seed = number<std::uint64_t>(step.arguments[1]);
  if (!k || *k == 0 || !seed) {
    return bad_arguments(step, seeded
                                   ? "sparse_random(K) or sparse_random(K, SEED), K from 1 to the dimension before it"
                                   : "pca(K), K from 1 to the dimension before it");
  }
  return seeded ? TransformStep::sparse_random(*k, *seed) : TransformStep::pca(*k);
}

Result<TransformStep> given_step(StepKind kind, const Written& step, const Transform::MatrixFn& read) {
  const bool matrix = kind == StepKind::kMatrix;
  const bool orthogonal = matrix && step.arguments.size() == 2 && step.arguments[1] == "orthogonal";
  if (step.arguments.empty() || step.arguments[0].empty() || step.arguments.size() != (orthogonal ? 2U : 1U)) {
    return bad_arguments(step, matrix ? "matrix(FILE) or matrix(FILE, orthogonal), a file of vectors, one a row"
                                      : "relative(FILE), a file of vectors, one anchor a row");
  }
  NEARLINE_TRY(given, read(std::string(step.arguments[0])));
  if (given.rows == 0 || given.numbers.empty() || given.numbers.size() % given.rows != 0) {
    return bad_arguments(step, "rows of one length, at least one");
  }
  return matrix ? TransformStep::matrix(given.numbers, given.rows, orthogonal)
                : TransformStep::relative(given.numbers, given.rows);
}

Result<TransformStep> step_of(const Written& step, const Transform::MatrixFn& read) {
  NEARLINE_TRY(kind, kind_of(step.word));
  switch (kind) {
    case StepKind::kPca:
    case StepKind::kSparseRandom: return sized_step(kind, step);
    case StepKind::kMatrix:
    case StepKind::kRelative: return given_step(kind, step, read);
    default: break;
  }
  if (step.arguments.empty()) return TransformStep{.kind = kind};
  return bad_arguments(step, "nothing in parentheses behind it");
}

/// Components of what comes in, as far as the steps before one that changes their number tell.
std::uint32_t first_columns(std::span<const TransformStep> steps) noexcept {
  for (const TransformStep& step : steps) {
    if (step.columns() > 0) return step.columns();
    if (step.kind != StepKind::kNormalize && step.kind != StepKind::kCenter) break;
  }
  return 0;
}

TransformStep given(StepKind kind, std::vector<float> numbers, std::uint32_t k) {
  assert(k > 0 && numbers.size() % k == 0);
  TransformStep step{.kind = kind, .out_dim = k};
  step.numbers = std::make_shared<const std::vector<float>>(std::move(numbers));
  return step;
}

}  // namespace

namespace format {

std::string_view step_name(StepKind kind) noexcept {
  switch (kind) {
    case StepKind::kNormalize: return "normalize";
    case StepKind::kCenter: return "center";
    case StepKind::kPca: return "pca";
    case StepKind::kSparseRandom: return "sparse_random";
    case StepKind::kMatrix: return "matrix";
    case StepKind::kRelative: return "relative";
    case StepKind::kField: return "field";
  }
  return "unknown";
}

}  // namespace format

TransformStep TransformStep::normalize() {
  return {};
}
TransformStep TransformStep::center() {
  return {.kind = StepKind::kCenter};
}
TransformStep TransformStep::pca(std::uint32_t k) {
  return {.kind = StepKind::kPca, .out_dim = k};
}
TransformStep TransformStep::sparse_random(std::uint32_t k, std::uint64_t number) {
  return {.kind = StepKind::kSparseRandom, .out_dim = k, .seed = number};
}
TransformStep TransformStep::field() {
  return {.kind = StepKind::kField};
}

TransformStep TransformStep::matrix(std::span<const float> rows, std::uint32_t k, bool orthogonal_rows) {
  TransformStep step = given(StepKind::kMatrix, {rows.begin(), rows.end()}, k);
  step.orthogonal = orthogonal_rows;
  return step;
}

/// A zero vector stays one; whoever takes the step refuses it.
TransformStep TransformStep::relative(std::span<const float> anchors, std::uint32_t k) {
  std::vector<float> unit(anchors.begin(), anchors.end());
  const std::size_t width = unit.size() / k;
  for (std::size_t first = 0; first < unit.size(); first += width) {
    double squares = 0;
    for (std::size_t i = first; i < first + width; ++i)
      squares += static_cast<double>(unit[i]) * static_cast<double>(unit[i]);
    if (!(squares > 0)) continue;
    const double length = std::sqrt(squares);
    for (std::size_t i = first; i < first + width; ++i)
      unit[i] = static_cast<float>(static_cast<double>(unit[i]) / length);
  }
  return given(StepKind::kRelative, std::move(unit), k);
}

std::uint32_t TransformStep::columns() const noexcept {
  if (!numbers || kind == StepKind::kCenter || out_dim == 0 || numbers->size() % out_dim != 0) return 0;
  return static_cast<std::uint32_t>(numbers->size() / out_dim);
}

std::uint32_t Transform::out_dim() const noexcept {
  std::uint32_t dim = in_dim;
  for (const TransformStep& step : steps) {
    if (step.out_dim > 0 || step.kind == StepKind::kField) dim = step.out_dim;
  }
  return dim;
}

Result<Transform> Transform::parse(std::string_view text, std::uint32_t in_dim, const MatrixFn& read) {
  Transform transform{.in_dim = in_dim};
  do {
    NEARLINE_TRY(written, next_written(text));
    NEARLINE_TRY(step, step_of(written, read));
    transform.steps.push_back(std::move(step));
  } while (!text.empty());
  if (in_dim == 0) transform.in_dim = first_columns(transform.steps);
  return transform;
}

std::string to_text(const Transform& transform) {
  std::string text;
  for (const TransformStep& step : transform.steps) {
    text += (text.empty() ? "" : ", ") + std::string(step_name(step.kind));
    if (step.kind == StepKind::kPca) text += "(" + std::to_string(step.out_dim) + ")";
    if (step.kind == StepKind::kSparseRandom) {
      text += "(" + std::to_string(step.out_dim) + (step.seed == 1 ? "" : ", " + std::to_string(step.seed)) + ")";
    }
    if (step.kind == StepKind::kMatrix || step.kind == StepKind::kRelative) {
      text += "(" + std::to_string(step.out_dim) + " x " + std::to_string(step.columns()) +
              (step.orthogonal ? ", orthogonal" : "") + ")";
    }
  }
  return text;
}

}  // namespace nearline
