// SPDX-License-Identifier: Apache-2.0
#include "engine/make/fused_reach.h"

#include <span>

namespace nearline::engine {
namespace {

/// Pages reached from others, each read once.
class PageReach {
 public:
  PageReach(const AppendFile& targets, const format::PageShape& shape, std::uint64_t count)
      : targets_(targets), shape_(shape), reached_(shape.pages(count)), row_(std::size_t{1} + shape.targets) {}

  [[nodiscard]] bool has(std::uint64_t page) const { return reached_[page]; }

  Result<void> spread_from(std::uint32_t ordinal) {
    meet(ordinal);
    while (!waiting_.empty()) {
      const std::uint64_t page = waiting_.back();
      waiting_.pop_back();
      const auto bytes = std::as_writable_bytes(std::span(row_));
      NEARLINE_CHECK(targets_.read(page * bytes.size(), bytes));
      for (const std::uint32_t target : std::span(row_).subspan(1, row_[0])) meet(target);
    }
    return {};
  }

 private:
  void meet(std::uint32_t ordinal) {
    const std::uint32_t page = ordinal / shape_.slots;
    if (reached_[page]) return;
    reached_[page] = true;
    waiting_.push_back(page);
  }

  const AppendFile& targets_;
  const format::PageShape& shape_;
  std::vector<bool> reached_;
  std::vector<std::uint32_t> row_;
  std::vector<std::uint32_t> waiting_;
};

}  // namespace

Result<void> reach_all_pages(const AppendFile& targets, const format::PageShape& shape, std::uint64_t count,
                             std::vector<std::uint32_t>& entries) {
  PageReach reach(targets, shape, count);
  for (const std::uint32_t entry : entries) NEARLINE_CHECK(reach.spread_from(entry));
  for (std::uint64_t page = 0; page < shape.pages(count); ++page) {
    if (reach.has(page)) continue;
    entries.push_back(static_cast<std::uint32_t>(page * shape.slots));
    NEARLINE_CHECK(reach.spread_from(entries.back()));
  }
  return {};
}

}  // namespace nearline::engine
