// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/matches.h"

#include <algorithm>

#include "engine/filter/ranges.h"

namespace nearline::engine {
namespace {

using Bits = std::vector<std::uint64_t>;

/// Read together: eight of these are a column of a million rows with 256 values.
constexpr std::size_t kAheadBytes = 128 << 10;

bool has(std::span<const KeyRange> ranges, std::uint64_t key) noexcept {
  if (ranges.size() == 1) return key - ranges[0].first <= ranges[0].last - ranges[0].first;
  const auto behind = std::ranges::upper_bound(ranges, key, {}, &KeyRange::first);
  return behind != ranges.begin() && key <= std::prev(behind)->last;
}

enum class Share : std::uint8_t { kNone, kSome, kAll };

/// How many of the keys from `least` to `most` lie in the ranges.
Share share_of(std::span<const KeyRange> ranges, std::uint64_t least, std::uint64_t most) noexcept {
  const auto first = std::ranges::lower_bound(ranges, least, {}, &KeyRange::last);
  if (first == ranges.end() || first->first > most) return Share::kNone;
  return first->first <= least && most <= first->last ? Share::kAll : Share::kSome;
}

class Matcher {
 public:
  Matcher(SegmentValues& values, const SegmentFile& file, const IdRowsFn& id_rows, WindowReads& cost)
      : values_(values), file_(file), id_rows_(id_rows), cost_(cost), words_((values.records() + 63) / 64) {}

  // NOLINTNEXTLINE(misc-no-recursion): parsing bounds the depth
  Result<Bits> match(const BoundFilter& filter) {
    if (filter.kind == BoundFilter::Kind::kLeaf) return match_leaf(filter.leaf);
    NEARLINE_TRY(all, match(filter.parts.front()));
    for (std::size_t i = 1; i < filter.parts.size(); ++i) {
      NEARLINE_TRY(part, match(filter.parts[i]));
      const bool both = filter.kind == BoundFilter::Kind::kAnd;
      for (std::size_t w = 0; w < words_; ++w) all[w] = both ? all[w] & part[w] : all[w] | part[w];
    }
    return all;
  }

 private:
  Result<Bits> match_leaf(const BoundLeaf& leaf) {
    if (leaf.attribute == BoundLeaf::kId) return match_ids(leaf);
    NEARLINE_TRY(column, values_.column(file_, leaf.attribute));
    Bits bits(words_);
    if (!column) {
      if (leaf.null && !leaf.negated) set(bits, 0, values_.records());
      return bits;
    }
    SectionWindow window = column->window(kAheadBytes);
    auto done = match_column(leaf, *column, window, bits);
    cost_.reads += window.cost().reads;
    cost_.blocks += window.cost().blocks;
    return done ? Result<Bits>(std::move(bits)) : std::move(done).error();
  }

  Result<Bits> match_ids(const BoundLeaf& leaf) {
    Bits bits(words_);
    for (const KeyRange& range : leaf.keys) NEARLINE_CHECK(id_rows_(range, bits));
    if (leaf.negated) invert(bits);
    return bits;
  }

  Result<void> match_column(const BoundLeaf& leaf, const Column& column, SectionWindow& window, Bits& bits) {
    std::vector<KeyRange> ranges = leaf.keys;
    if (column.shape().has_dictionary() && !leaf.null) {
      SectionWindow words = column.window(0);
      NEARLINE_CHECK(find_entries(leaf, column, words, ranges));
      NEARLINE_TRY(done, match_postings(leaf, column, words, ranges, bits));
      cost_.reads += words.cost().reads;
      cost_.blocks += words.cost().blocks;
      if (done) return {};
    }
    NEARLINE_TRY(runs, column.runs(window));
    for (std::size_t i = 0; i < runs.size(); ++i) {
      NEARLINE_CHECK(match_run(leaf, column, window, ranges, runs[i], i * format::kRunRows, bits));
    }
    return {};
  }

  /// The entries of the dictionary that the leaf's strings are.
  static Result<void> find_entries(const BoundLeaf& leaf, const Column& column, SectionWindow& window,
                                   std::vector<KeyRange>& ranges) {
    for (const StringRange& range : leaf.strings) {
      NEARLINE_TRY(first, column.place_of(range.from.text, range.from.after, window));
      std::uint64_t end = column.shape().entries;
      if (range.has_end) {
        NEARLINE_TRY(found, column.place_of(range.to.text, range.to.after, window));
        end = found;
      }
      if (first < end) ranges.push_back({first, end - 1});
    }
    join_ranges(ranges);
    return {};
  }

  /// False where runs must be read: for what is common, or negated.
  static Result<bool> match_postings(const BoundLeaf& leaf, const Column& column, SectionWindow& window,
                                     std::span<const KeyRange> ranges, Bits& bits) {
    if (leaf.negated) return false;
    for (const KeyRange& range : ranges) {
      NEARLINE_TRY(posted, column.posted(range, window));
      if (!posted.all) return false;
    }
    for (const KeyRange& range : ranges) NEARLINE_CHECK(column.add_posted(range, window, bits));
    return true;
  }

  Result<void> match_run(const BoundLeaf& leaf, const Column& column, SectionWindow& window,
                         std::span<const KeyRange> ranges, const format::Run& run, std::uint64_t first, Bits& bits) {
    const format::RunShape& shape = run.shape;
    const bool tags = shape.tags;
    Share share = leaf.null || shape.values == 0 ? Share::kNone : share_of(ranges, run.least, run.most);
    // Of tags the least and the largest say what some row has, not what each has; of places a circle is less than its
    // keys.
    if ((tags || leaf.circle) && share == Share::kAll) share = Share::kSome;
    const bool wants_valid = leaf.negated;  // with none of it in the ranges, or asked for what is not null
    if (shape.nulls == shape.rows || (share == Share::kNone && shape.nulls == 0)) {
      const bool all = shape.nulls == shape.rows ? leaf.null && !leaf.negated : wants_valid;
      if (all) set(bits, first, shape.rows);
      return {};
    }
    if (share == Share::kAll && shape.nulls == 0) {
      if (!leaf.negated) set(bits, first, shape.rows);
      return {};
    }
    if (share == Share::kNone && !leaf.null && !leaf.negated) return {};
    NEARLINE_CHECK(column.read_run(run, window, keys_));
    std::uint64_t* const out = bits.data() + first / 64;
    if (leaf.null) {
      for (std::uint32_t row = 0; row < shape.rows; ++row) put(out, row, has_value(row) == leaf.negated);
    } else if (tags) {
      for (std::uint32_t row = 0; row < shape.rows; ++row) {
        put(out, row, has_value(row) && has_tag(ranges, row) != leaf.negated);
      }
    } else {
      for (std::uint32_t row = 0; row < shape.rows; ++row) {
        const std::uint64_t key = keys_.keys[row];
        const bool in =
            !ranges.empty() && has_value(row) && has(ranges, key) && (!leaf.circle || leaf.circle->holds(key));
        put(out, row, has_value(row) && in != leaf.negated);
      }
    }
    return {};
  }

  [[nodiscard]] bool has_value(std::uint32_t row) const noexcept {
    return (keys_.valid[row / 64] >> (row % 64) & 1) != 0;
  }
  [[nodiscard]] bool has_tag(std::span<const KeyRange> ranges, std::uint32_t row) const noexcept {
    if (ranges.empty()) return false;
    for (std::uint32_t i = row == 0 ? 0 : keys_.ends[row - 1]; i < keys_.ends[row]; ++i) {
      if (has(ranges, keys_.keys[i])) return true;
    }
    return false;
  }
  static void put(std::uint64_t* words, std::uint32_t row, bool bit) noexcept {
    words[row / 64] |= std::uint64_t{bit} << (row % 64);
  }

  static void set(Bits& bits, std::uint64_t first, std::uint64_t rows) noexcept {
    for (std::uint64_t row = first; row < first + rows;) {
      if (row % 64 == 0 && row + 64 <= first + rows) {
        bits[row / 64] = ~std::uint64_t{0};
        row += 64;
      } else {
        bits[row / 64] |= std::uint64_t{1} << (row % 64);
        ++row;
      }
    }
  }
  void invert(Bits& bits) const noexcept {
    for (std::uint64_t& word : bits) word = ~word;
    if (values_.records() % 64 != 0) bits.back() &= (std::uint64_t{1} << (values_.records() % 64)) - 1;
  }

  SegmentValues& values_;
  const SegmentFile& file_;
  const IdRowsFn& id_rows_;
  WindowReads& cost_;
  const std::size_t words_;
  RunKeys keys_;
};

}  // namespace

Result<std::shared_ptr<const RecordSet>> find_matches(SegmentValues& values, const SegmentFile& file,
                                                      const BoundFilter& filter, const IdRowsFn& id_rows,
                                                      WindowReads& cost) {
  if (auto known = values.known(filter.text)) return known;
  NEARLINE_TRY(bits, Matcher(values, file, id_rows, cost).match(filter));
  auto rows = std::make_shared<const RecordSet>(RecordSet::of(std::move(bits)));
  values.keep(filter.text, rows);
  return std::shared_ptr<const RecordSet>(std::move(rows));
}

}  // namespace nearline::engine
