// SPDX-License-Identifier: Apache-2.0
#include "engine/make/part_files.h"

#include <algorithm>
#include <cstring>

namespace nearline::engine {
namespace {

/// Gathers a part's rows, so that they reach the disk in runs.
class PartBuffer {
 public:
  PartBuffer(io::File& file, std::uint64_t at, std::size_t bytes) : file_(&file), at_(at) { bytes_.reserve(bytes); }

  Result<void> append(std::uint32_t row, std::span<const std::byte> rest) {
    if (bytes_.size() + sizeof row + rest.size() > bytes_.capacity()) NEARLINE_CHECK(flush());
    const auto number = std::as_bytes(std::span(&row, 1));
    bytes_.insert(bytes_.end(), number.begin(), number.end());
    bytes_.insert(bytes_.end(), rest.begin(), rest.end());
    return {};
  }

  Result<void> flush() {
    NEARLINE_CHECK(io::write_all(*file_, at_, bytes_));
    at_ += bytes_.size();
    bytes_.clear();
    return {};
  }

 private:
  io::File* file_;
  std::uint64_t at_;
  std::vector<std::byte> bytes_;
};

}  // namespace

Result<PartRows> PartRows::create(std::unique_ptr<io::File> file, Spill& spill, std::span<const PartPair> parts,
                                  std::uint32_t part_count, std::uint64_t buffer_bytes) {
  PartRows rows(std::move(file), spill.row_bytes());
  rows.sizes_.assign(part_count, 0);
  for (const PartPair& pair : parts) {
    ++rows.sizes_[pair.home];
    if (pair.other != pair.home) ++rows.sizes_[pair.other];
  }
  std::uint64_t start = 0;
  std::vector<PartBuffer> buffers;
  for (const std::uint64_t size : rows.sizes_) {
    rows.starts_.push_back(start);
    buffers.emplace_back(*rows.file_, start * rows.row_bytes_,
                         std::max<std::uint64_t>(rows.row_bytes_, buffer_bytes / part_count));
    start += size;
  }
  for (std::uint64_t first = 0; first < spill.count(); first += spill.rows_per_read()) {
    const std::uint64_t count = std::min(spill.rows_per_read(), spill.count() - first);
    NEARLINE_TRY(bytes, spill.read(first, count));
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto rest = bytes.subspan(i * spill.row_bytes(), spill.row_bytes());
      const auto row = static_cast<std::uint32_t>(first + i);
      const PartPair& pair = parts[row];
      NEARLINE_CHECK(buffers[pair.home].append(row, rest));
      if (pair.other != pair.home) NEARLINE_CHECK(buffers[pair.other].append(row, rest));
    }
  }
  for (PartBuffer& buffer : buffers) NEARLINE_CHECK(buffer.flush());
  return rows;
}

PartRows::Row PartRows::decode(std::span<const std::byte> bytes) const noexcept {
  Row row{};
  std::memcpy(&row.row, bytes.data(), sizeof row.row);
  std::memcpy(&row.id, bytes.data() + sizeof row.row, sizeof row.id);
  row.vector = bytes.subspan(sizeof row.row + sizeof row.id);
  return row;
}

Result<void> PartLists::store(std::uint32_t row, bool home, std::span<const std::uint32_t> list) {
  assert(list.size() < slot_.size());
  slot_[0] = static_cast<std::uint32_t>(list.size());
  std::copy(list.begin(), list.end(), slot_.begin() + 1);
  const auto bytes = std::as_bytes(std::span(slot_));
  return io::write_all(*file_, (2 * std::uint64_t{row} + (home ? 0 : 1)) * bytes.size(), bytes);
}

Result<std::span<const std::uint32_t>> PartLists::unite(std::uint32_t row, bool both) {
  const std::size_t slots = both ? 2 : 1;
  const auto wanted = std::span(united_).first(slots * slot_.size());
  NEARLINE_CHECK(io::read_exact(*file_, 2 * std::uint64_t{row} * slot_.size() * sizeof(std::uint32_t),
                                std::as_writable_bytes(wanted)));
  // The lists move down over their lengths: the first by one place, the second behind it without what is there already.
  std::uint32_t size = united_[0];
  const std::uint32_t more = both ? united_[slot_.size()] : 0;
  std::copy_n(united_.begin() + 1, size, united_.begin());
  for (std::uint32_t i = 0; i < more; ++i) {
    const std::uint32_t neighbor = united_[slot_.size() + 1 + i];
    const auto end = united_.begin() + size;
    if (std::find(united_.begin(), end, neighbor) == end) united_[size++] = neighbor;
  }
  return std::span<const std::uint32_t>(united_).first(size);
}

}  // namespace nearline::engine
