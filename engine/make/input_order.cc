// SPDX-License-Identifier: Apache-2.0
#include "engine/make/input_order.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <vector>

#include "engine/make/part_files.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kProgressRows = 65'536;

struct Key {
  std::uint64_t hash;
  Id id;
  std::uint32_t row;
  friend bool operator<(const Key& a, const Key& b) noexcept { return std::tie(a.hash, a.id) < std::tie(b.hash, b.id); }
};
static_assert(sizeof(Key) + sizeof(std::uint32_t) == kSortBytes);

Result<std::vector<Key>> sorted_keys(Spill& rows, const SortOptions& options) {
  std::vector<Key> keys;
  keys.reserve(rows.count());
  NEARLINE_CHECK(rows.for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
    keys.push_back({format::hash64(vector, options.seed), id, static_cast<std::uint32_t>(row)});
    return row % kProgressRows == 0 ? options.progress(row) : Result<void>{};
  }));
  if (options.by_id) {
    std::ranges::sort(keys, {}, &Key::id);
  } else {
    std::sort(keys.begin(), keys.end());
  }
  return keys;
}

format::Hash128 hash_of(std::span<const Key> keys) {
  format::Hasher128 hasher;
  for (const Key& key : keys) {
    const std::uint64_t values[] = {key.hash, key.id};
    hasher.update(std::as_bytes(std::span(values)));
  }
  return hasher.digest();
}

std::vector<std::uint32_t> ranks_of(std::span<const Key> keys) {
  std::vector<std::uint32_t> rank_of(keys.size());
  for (std::uint32_t rank = 0; rank < keys.size(); ++rank) rank_of[keys[rank].row] = rank;
  return rank_of;
}

/// Writes the rows back in the order of their ranks.
class Rewriter {
 public:
  Rewriter(Spill& rows, std::vector<std::uint32_t> rank_of, const SortOptions& options)
      : rows_(rows),
        options_(options),
        rank_of_(std::move(rank_of)),
        row_bytes_(rows.row_bytes()),
        chunk_(std::min<std::uint64_t>(rank_of_.size(), options.rows_at_once) * row_bytes_) {}

  Result<void> in_memory() {
    NEARLINE_CHECK(rows_.for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
      place(rank_of_[row], id, vector);
      return {};
    }));
    rows_.clear();
    return append(rank_of_.size());
  }

  /// Rows go to buckets of neighbouring ranks, which are then sorted one after another.
  Result<void> by_buckets(std::unique_ptr<io::File> file) {
    const std::uint64_t count = rank_of_.size();
    const auto buckets = static_cast<std::uint32_t>((count - 1) / options_.rows_at_once + 1);
    std::vector<PartPair> bucket_of(count);
    for (std::uint64_t row = 0; row < count; ++row) {
      const auto bucket = static_cast<std::uint16_t>(rank_of_[row] / options_.rows_at_once);
      bucket_of[row] = {bucket, bucket};
    }
    NEARLINE_TRY(parts, PartRows::create(std::move(file), rows_, bucket_of, buckets, kSortBufferBytes));
    rows_.clear();
    for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
      NEARLINE_CHECK(options_.progress(rows_.count()));
      NEARLINE_CHECK(parts.for_each(bucket, [&](std::uint64_t, const PartRows::Row& row) -> Result<void> {
        place(rank_of_[row.row] % options_.rows_at_once, row.id, row.vector);
        return {};
      }));
      NEARLINE_CHECK(append(parts.size(bucket)));
    }
    return {};
  }

 private:
  void place(std::uint64_t at, Id id, std::span<const std::byte> vector) noexcept {
    std::byte* const to = chunk_.data() + at * row_bytes_;
    std::memcpy(to, &id, sizeof id);
    std::memcpy(to + sizeof id, vector.data(), vector.size());
  }

  Result<void> append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto row = std::span<const std::byte>(chunk_).subspan(i * row_bytes_, row_bytes_);
      Id id;
      std::memcpy(&id, row.data(), sizeof id);
      NEARLINE_CHECK(rows_.append(id, row.subspan(sizeof id)));
    }
    return {};
  }

  Spill& rows_;
  const SortOptions& options_;
  std::vector<std::uint32_t> rank_of_;
  const std::size_t row_bytes_;
  std::vector<std::byte> chunk_;  ///< rows of consecutive ranks, as the spill has them
};

}  // namespace

Result<format::Hash128> sort_rows(Spill& rows, io::FileSystem& fs, const std::filesystem::path& directory,
                                  const SortOptions& options) {
  NEARLINE_TRY(keys, sorted_keys(rows, options));
  const format::Hash128 hash = hash_of(keys);
  std::vector<std::uint32_t> rank_of = ranks_of(keys);
  keys = {};
  Rewriter rewriter(rows, std::move(rank_of), options);
  if (rows.count() <= options.rows_at_once) {
    NEARLINE_CHECK(rewriter.in_memory());
  } else {
    NEARLINE_TRY(file, fs.create_unnamed(directory));
    NEARLINE_CHECK(rewriter.by_buckets(std::move(file)));
  }
  return hash;
}

}  // namespace nearline::engine
