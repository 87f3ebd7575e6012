// SPDX-License-Identifier: Apache-2.0
#include "engine/make/code_writer.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/codes/code_fit.h"
#include "engine/codes/code_training.h"
#include "engine/kernels/kernels.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

/// Rows that axes and centroids are learned from: more were measured to change nothing.
constexpr std::uint64_t kSampleRows = 16'384;
constexpr std::uint64_t kCopyBytes = 1u << 20;
constexpr std::size_t kChunkRows = 32;
/// Rows that are coded together: enough for all threads, few where rows are long.
constexpr std::uint64_t kBatchBytes = 1u << 20;
constexpr std::uint64_t kMostBatchRows = 1024;
/// Rows that tell whether a book serves, and the share of them that may be coded badly.
constexpr std::uint64_t kFitRows = 1024;
constexpr double kFewMisfits = 0.01;
/// A batch in which some records have codes already holds up to so many times as many records.
constexpr std::uint64_t kMostWaiting = 8;

std::uint64_t batch_rows(std::uint32_t dim) noexcept {
  return std::clamp<std::uint64_t>(kBatchBytes / (std::uint64_t{dim} * sizeof(float)), kChunkRows, kMostBatchRows);
}

std::uint64_t training_rows(std::uint64_t count, std::uint32_t dim, std::uint64_t memory_bytes) noexcept {
  const std::uint64_t row_bytes = 2 * std::uint64_t{dim} * sizeof(float);  // as it comes, and in its axes
  return std::min({count, kSampleRows, std::max<std::uint64_t>(format::kCentroids, memory_bytes / row_bytes)});
}

/// Axes that a code can have: each takes a bit at least.
std::uint64_t most_axes(std::uint32_t dim, std::uint32_t code_bytes) noexcept {
  return std::min<std::uint64_t>(dim, 8 * std::uint64_t{code_bytes - format::kCodeHeadBytes});
}

std::uint64_t book_bytes(std::uint32_t dim, std::uint32_t code_bytes) noexcept {
  return (dim + most_axes(dim, code_bytes) * (std::uint64_t{dim} + format::kCentroids)) * sizeof(float);
}

void to_unit_length(std::span<float> vector) noexcept {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * static_cast<double>(x);
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& x : vector) x *= scale;
}

/// Evenly spaced records of a spill as codes take them. at(i): which the i-th is.
template <class At>
Result<std::vector<float>> sample_rows(Spill& spill, const Schema& schema, std::uint64_t rows, At at) {
  std::vector<float> sample(rows * schema.dim);
  for (std::uint64_t i = 0; i < rows; ++i) {
    NEARLINE_TRY(row, spill.read(at(i), 1));
    const std::span<float> vector(sample.data() + i * schema.dim, schema.dim);
    kernels::to_f32(schema.type, row.data() + sizeof(Id), schema.dim, vector.data());
    if (schema.metric == Metric::kCosine) to_unit_length(vector);
  }
  return sample;
}

}  // namespace

std::uint64_t axes_bytes(std::uint32_t dim) noexcept {
  return 4 * std::uint64_t{dim} * dim * sizeof(float);  // covariance, the solver's copy, its vectors, their rows
}

std::uint64_t training_bytes(std::uint64_t count, std::uint32_t dim, std::uint32_t code_bytes,
                             std::uint64_t memory_bytes) noexcept {
  const std::uint64_t rows = training_rows(count, dim, memory_bytes);
  const std::uint64_t turned = axes_bytes(dim) / 4 + rows * most_axes(dim, code_bytes) * sizeof(float);
  return rows * dim * sizeof(float) + std::max(axes_bytes(dim), turned + book_bytes(dim, code_bytes));
}

std::uint64_t coding_bytes(std::uint32_t dim, std::uint32_t code_bytes) noexcept {
  return book_bytes(dim, code_bytes) + batch_rows(dim) * (std::uint64_t{dim} * sizeof(float) + code_bytes);
}

Result<std::optional<format::CodeBook>> train_on(Spill& spill, const Schema& schema, std::uint32_t code_bytes,
                                                 std::uint64_t memory_bytes, std::uint32_t threads) {
  const std::uint64_t rows = training_rows(spill.count(), schema.dim, memory_bytes);
  NEARLINE_TRY(sample, sample_rows(spill, schema, rows, [&](std::uint64_t i) { return i * spill.count() / rows; }));
  drop_far_rows(sample, schema.dim);
  return train_code_book(sample, schema.dim, schema.metric, code_bytes, threads);
}

Result<bool> book_fits(const format::CodeBook& book, Spill& spill, const Schema& schema, RowRange known,
                       std::uint64_t memory_bytes) {
  const std::uint64_t most = std::min(kFitRows, training_rows(spill.count(), schema.dim, memory_bytes));
  const std::uint64_t old = known.last - known.first, fresh = spill.count() - old;
  const std::uint64_t fresh_rows = std::min(fresh, most), old_rows = std::min(old, most);
  NEARLINE_TRY(sample, sample_rows(spill, schema, fresh_rows, [&](std::uint64_t i) {
                 const std::uint64_t at = i * fresh / fresh_rows;
                 return at < known.first ? at : at + old;
               }));
  const double misfits = misfit_share(book, schema.metric, sample);
  if (misfits <= kFewMisfits || old == 0) return misfits <= kFewMisfits;
  // Data of which some always lies far out is coded no better by a new book each time.
  NEARLINE_TRY(seen,
               sample_rows(spill, schema, old_rows, [&](std::uint64_t i) { return known.first + i * old / old_rows; }));
  return misfits <= kFewMisfits + 2 * misfit_share(book, schema.metric, seen);
}

CodeWriter::CodeWriter(const format::CodeBook& book, const Schema& schema, std::uint32_t threads,
                       std::unique_ptr<io::File> file)
    : book_(book),
      schema_(schema),
      threads_(threads),
      encoder_(book, schema.metric),
      file_(std::move(file)),
      batch_rows_(batch_rows(schema.dim)),
      rows_(batch_rows_ * schema.dim) {}

Result<void> CodeWriter::add(const std::byte* vector, float scale, std::span<const std::byte> code) {
  codes_.resize((waiting_ + 1) * book_.code_bytes());
  if (code.empty()) {
    float* const row = rows_.data() + row_at_.size() * schema_.dim;
    kernels::to_f32(schema_.type, vector, schema_.dim, row);
    if (schema_.metric == Metric::kCosine) {
      for (std::uint32_t i = 0; i < schema_.dim; ++i) row[i] *= scale;
    }
    row_at_.push_back(static_cast<std::uint32_t>(waiting_));
  } else {
    assert(code.size() == book_.code_bytes());
    std::copy(code.begin(), code.end(), code_at(waiting_));
  }
  ++waiting_;
  return row_at_.size() == batch_rows_ || waiting_ == kMostWaiting * batch_rows_ ? flush() : Result<void>{};
}

Result<void> CodeWriter::flush() {
  parallel_for(row_at_.size(), kChunkRows, threads_, [&](std::size_t begin, std::size_t end, unsigned) {
    CodeEncoder::Scratch scratch;
    std::vector<std::byte> coded((end - begin) * book_.code_bytes());
    encoder_.encode(rows_.data() + begin * schema_.dim, end - begin, coded.data(), scratch);
    for (std::size_t i = begin; i < end; ++i) {
      std::copy_n(coded.data() + (i - begin) * book_.code_bytes(), book_.code_bytes(), code_at(row_at_[i]));
    }
  });
  row_at_.clear();
  NEARLINE_CHECK(io::write_all(*file_, written_ * book_.code_bytes(),
                               std::span<const std::byte>(codes_).first(waiting_ * book_.code_bytes())));
  written_ += waiting_;
  waiting_ = 0;
  codes_.clear();
  return {};
}

Result<void> CodeWriter::begin(IndexFileWriter& writer, std::uint64_t count) {
  NEARLINE_CHECK(flush());
  rows_ = {};
  codes_ = {};
  format::Section codes;
  codes.kind = format::SectionKind::kCodes;
  codes.optional = true;
  codes.count = count;
  codes.element_bytes = book_.code_bytes();
  return writer.begin(codes);
}

Result<void> CodeWriter::end(IndexFileWriter& writer) const {
  NEARLINE_CHECK(writer.end());
  return writer.add_optional(format::SectionKind::kCodeParameters, format::encode(book_));
}

Result<void> CodeWriter::finish(IndexFileWriter& writer) {
  const std::uint64_t count = written_ + waiting_;
  NEARLINE_CHECK(begin(writer, count));
  const std::uint64_t bytes = count * book_.code_bytes();
  std::vector<std::byte> buffer;
  for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
    buffer.resize(std::min(kCopyBytes, bytes - at));
    NEARLINE_CHECK(io::read_exact(*file_, at, buffer));
    NEARLINE_CHECK(writer.append(buffer));
  }
  return end(writer);
}

Result<void> CodeWriter::finish(IndexFileWriter& writer, std::span<const std::uint32_t> ordinals) {
  NEARLINE_CHECK(begin(writer, ordinals.size()));
  std::vector<std::byte> code(book_.code_bytes());
  for (const std::uint32_t ordinal : ordinals) {
    NEARLINE_CHECK(io::read_exact(*file_, std::uint64_t{ordinal} * code.size(), code));
    NEARLINE_CHECK(writer.append(code));
  }
  return end(writer);
}

}  // namespace nearline::engine
