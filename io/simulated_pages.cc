// SPDX-License-Identifier: Apache-2.0
/// Reads that complete late and out of order, as the seed has it.
#include <random>

#include "io/queued_pages.h"
#include "io/simulated_disk.h"

namespace nearline::io {
namespace {

class SimulatedReader final : public QueuedReader {
 public:
  SimulatedReader(const File& file, const PagePlan& plan, std::shared_ptr<PageCache> cache, std::uint32_t pins,
                  std::uint64_t seed)
      : QueuedReader(plan, std::move(cache), pins), file_(file), random_(seed) {
    under_way_.reserve(pins);
  }
  ~SimulatedReader() override { drain(); }

 private:
  void start(Frame frame) override { under_way_.push_back(frame); }
  void submit() override {}

  void wait() override {
    for (auto left = 1 + random_() % under_way_.size(); left > 0; --left) {
      const auto chosen = random_() % under_way_.size();
      const Frame frame = under_way_[chosen];
      const PageId page = cache().page(frame);
      finish(frame, read_exact(file_, plan().offset(page), cache().bytes(frame).first(plan().bytes_of(page))));
      under_way_[chosen] = under_way_.back();
      under_way_.pop_back();
    }
  }

  const File& file_;
  std::mt19937_64 random_;
  std::vector<Frame> under_way_;
};

class SimulatedSource final : public PageSource {
 public:
  SimulatedSource(const File& file, PagePlan plan, std::uint64_t seed)
      : file_(file), plan_(std::move(plan)), seed_(seed) {}

  Result<std::shared_ptr<PageCache>> cache(std::uint64_t cache_bytes, std::uint32_t max_batch) override {
    return PageCache::create(plan_.range, cache_bytes, max_batch);
  }
  Result<std::unique_ptr<PageReader>> reader(std::shared_ptr<PageCache> cache, std::uint32_t pins) override {
    return std::unique_ptr<PageReader>(std::make_unique<SimulatedReader>(file_, plan_, std::move(cache), pins, seed_));
  }
  [[nodiscard]] IoMode mode() const noexcept override { return IoMode::kDirect; }

 private:
  const File& file_;
  PagePlan plan_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<PageSource> simulated_source(const File& file, const PageRange& range, PageCheck check,
                                             std::uint64_t seed) {
  return std::make_unique<SimulatedSource>(file, PagePlan{file.path(), range, std::move(check)}, seed);
}

}  // namespace nearline::io
