// SPDX-License-Identifier: Apache-2.0
#include "engine/make/fused_writer.h"

#include <algorithm>
#include <cstring>

#include "engine/make/fused_reach.h"
#include "engine/make/fused_targets.h"
#include "format/fused_page.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBatchBytes = 1U << 20;

constexpr std::uint64_t kRecordsPerEntry = 100;
constexpr std::uint64_t kLeastEntries = 64;
constexpr std::uint64_t kMostEntries = 65'536;

}  // namespace

std::uint64_t fused_entry_count(std::uint64_t records) noexcept {
  return std::min(records, std::clamp(records / kRecordsPerEntry, kLeastEntries, kMostEntries));
}

FusedWriter::FusedWriter(IndexFileWriter& writer, const format::PageShape& shape, std::uint64_t count,
                         CodeWriter& codes, std::unique_ptr<io::File> records, std::unique_ptr<io::File> targets)
    : writer_(writer),
      shape_(shape),
      count_(count),
      codes_(codes),
      records_(std::move(records)),
      targets_(std::move(targets)),
      page_(shape.page_bytes) {}

std::uint64_t FusedWriter::memory_bytes(const format::PageShape& shape, std::uint64_t count) noexcept {
  return AppendFile::memory_bytes(shape.slot_bytes + 4 * shape.degree) + AppendFile::memory_bytes(4 * shape.targets) +
         CodeReader::memory_bytes(shape.code_bytes) + 2 * kBatchBytes + 4 * std::uint64_t{shape.page_bytes} +
         fused_entry_count(count) * 8 + shape.pages(count) * 9;  // pages reached and waiting, which double as they grow
}

std::size_t FusedWriter::waiting_bytes() const noexcept {
  return format::links_place(shape_) + sizeof(std::uint32_t) * (std::size_t{1} + shape_.degree);
}

Result<void> FusedWriter::append(const format::PageShape& from, const std::byte* record,
                                 std::span<const std::uint32_t> neighbors, std::span<const std::byte> code) {
  assert(next_ < count_ && neighbors.size() <= shape_.degree);
  record_.assign(waiting_bytes(), std::byte{0});
  std::memcpy(record_.data(), record, shape_.vector_bytes);
  if (shape_.has_scale) format::store_scale(shape_, format::stored_scale(from, record), record_.data());
  format::store_id(shape_, format::stored_id(from, record), record_.data());
  std::byte* const list = record_.data() + format::links_place(shape_);
  const auto degree = static_cast<std::uint32_t>(neighbors.size());
  std::memcpy(list, &degree, sizeof degree);
  if (degree > 0) std::memcpy(list + sizeof degree, neighbors.data(), neighbors.size_bytes());
  NEARLINE_CHECK(codes_.add(record, shape_.has_scale ? format::stored_scale(from, record) : 1.0F, code));
  ++next_;
  return records_.append(record_);
}

Result<void> FusedWriter::finish() {
  assert(next_ == count_);
  NEARLINE_CHECK(records_.flush());
  NEARLINE_CHECK(codes_.flush());
  CodeReader codes(codes_.file(), count_, shape_.code_bytes);
  const std::uint64_t pages_at_once = std::max<std::uint64_t>(1, kBatchBytes / (waiting_bytes() * shape_.slots));
  Batch batch;
  const std::uint64_t pages = shape_.pages(count_);
  for (std::uint64_t page = 0; page < pages; ++page) {
    if (page % pages_at_once == 0) {
      batch.first = page * shape_.slots;
      batch.bytes.resize(std::min(pages_at_once * shape_.slots, count_ - batch.first) * waiting_bytes());
      NEARLINE_CHECK(records_.read(batch.first * waiting_bytes(), batch.bytes));
    }
    NEARLINE_CHECK(write_page(static_cast<std::uint32_t>(page), batch, codes));
  }
  return targets_.flush();
}

Result<void> FusedWriter::write_page(std::uint32_t number, const Batch& batch, CodeReader& codes) {
  std::fill(page_.begin(), page_.end(), std::byte{0});
  const std::uint32_t first = number * shape_.slots;
  lists_.resize(std::min<std::uint64_t>(shape_.slots, count_ - first));
  for (std::size_t slot = 0; slot < lists_.size(); ++slot) {
    const std::byte* const record = batch.bytes.data() + (first - batch.first + slot) * waiting_bytes();
    const auto ordinal = static_cast<format::Ordinal>(first + slot);
    std::memcpy(page_.data() + shape_.place_of(ordinal), record, format::links_place(shape_));
    std::uint32_t degree;
    std::memcpy(&degree, record + format::links_place(shape_), sizeof degree);
    lists_[slot].resize(degree);
    if (degree > 0) std::memcpy(lists_[slot].data(), record + format::links_place(shape_) + sizeof degree, degree * 4);
  }
  const std::vector<std::uint32_t> targets = choose_targets(lists_, first, shape_.slots, shape_.targets);
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    NEARLINE_TRY(code, codes.of(targets[i]));
    format::store_target(shape_, i, targets[i], code, page_.data());
  }
  link(first, targets);
  format::store_fused_header(number, static_cast<std::uint32_t>(lists_.size()), page_.data());
  NEARLINE_CHECK(keep_targets(targets));
  return writer_.append(page_);
}

void FusedWriter::link(std::uint32_t first, std::span<const std::uint32_t> targets) {
  for (std::uint32_t slot = 0; slot < lists_.size(); ++slot) {
    std::byte* const record = page_.data() + shape_.place_of(format::Ordinal{first + slot});
    for (const std::uint32_t neighbor : lists_[slot]) {
      std::uint32_t bit = neighbor - first;
      const bool local = bit < shape_.slots;
      if (!local) {
        const auto found = std::lower_bound(targets.begin(), targets.end(), neighbor);
        if (found == targets.end() || *found != neighbor) continue;  // the table had no room
        bit = shape_.slots + static_cast<std::uint32_t>(found - targets.begin());
      }
      format::store_link(shape_, bit, record);
      ++edges_;
      local_edges_ += local ? 1 : 0;
    }
  }
}

Result<void> FusedWriter::keep_targets(std::span<const std::uint32_t> targets) {
  std::vector<std::uint32_t> row(std::size_t{1} + shape_.targets);
  row[0] = static_cast<std::uint32_t>(targets.size());
  std::copy(targets.begin(), targets.end(), row.begin() + 1);
  return targets_.append(std::as_bytes(std::span(row)));
}

Result<std::vector<std::uint32_t>> FusedWriter::entries(std::vector<std::uint32_t> /*linked*/) {
  std::vector<std::uint32_t> entries;
  const std::uint64_t sample = fused_entry_count(count_);
  for (std::uint64_t i = 0; i < sample; ++i) {
    entries.push_back(static_cast<std::uint32_t>((2 * i + 1) * count_ / (2 * sample)));
  }
  NEARLINE_CHECK(reach_all_pages(targets_, shape_, count_, entries));
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace nearline::engine
