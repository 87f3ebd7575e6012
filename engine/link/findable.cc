// SPDX-License-Identifier: Apache-2.0
#include "engine/link/findable.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "engine/link/add_edge.h"
#include "engine/parallel.h"
#include "engine/walk/graph_search.h"

namespace nearline::engine {
namespace {

/// One record in kStride is searched for, but no fewer than kLeastSample: of a cluster of a hundred several are in the
/// sample, and the first one that is mended mostly mends the others.
constexpr std::uint64_t kStride = 16;
constexpr std::uint64_t kLeastSample = 4096;
/// Candidates of the searches: few, so that regions are mended that only a long search would find.
constexpr std::uint32_t kList = 12;
constexpr std::size_t kChunk = 64;

/// One thread's searches.
class Finder {
 public:
  Finder(const RecordImage& image, const GraphView& graph) : image_(image), graph_(graph), reader_(image) {
    scratch_.query.resize(graph.space.query_bytes());
  }

  /// Whether a search for the record finds it. What it found stays in candidates().
  bool finds(std::uint32_t record) {
    const Query query = graph_.space.query_of(image_.record(record), scratch_.query.data());
    search_in_memory(graph_, query, kList, reader_, scratch_);
    const CandidateList& found = scratch_.candidates;
    if (found.size() > 0 && found[0].distance == query_distance(query, record)) return true;  // itself, or a copy
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].ordinal == record) return true;
    }
    return false;
  }
  [[nodiscard]] const CandidateList& candidates() const noexcept { return scratch_.candidates; }

 private:
  float query_distance(const Query& query, std::uint32_t record) const {
    const std::byte* bytes = image_.record(record);
    float distance = 0;
    graph_.space.distances(query, {&bytes, 1}, &distance);
    return distance;
  }

  const RecordImage& image_;
  const GraphView& graph_;
  ImageReader reader_;
  Scratch scratch_;
};

/// Adds an edge to `record` from the nearest candidate with room. One that has the edge already led the search to the
/// record, which only seemed farther than the others: f32 cannot tell them apart.
void connect(RecordImage& image, const CandidateList& candidates, std::uint32_t record, std::uint32_t degree,
             std::vector<std::uint32_t>& list) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (add_edge(image, candidates[i].ordinal, record, degree, list) != AddedEdge::kNoRoom) return;
  }
}

}  // namespace

void make_findable(RecordImage& image, const Space& space, std::span<const std::uint32_t> entries, std::uint32_t degree,
                   std::uint32_t threads) {
  const GraphView graph(space, image.shape(), image.count(), entries, 0);
  std::vector<std::unique_ptr<Finder>> finders;
  for (std::uint32_t i = 0; i < std::max(threads, 1U); ++i) {
    finders.push_back(std::make_unique<Finder>(image, graph));
  }
  // Most records are found: those are looked for side by side, and only the others once more, one after another, since
  // each edge may help the next.
  const std::uint64_t stride = std::clamp<std::uint64_t>(image.count() / kLeastSample, 1, kStride);
  const std::size_t samples = (image.count() + stride - 1) / stride;
  std::vector<std::uint8_t> lost(samples);
  parallel_for(samples, kChunk, threads, [&](std::size_t begin, std::size_t end, unsigned thread) {
    for (std::size_t i = begin; i < end; ++i) {
      lost[i] = finders[thread]->finds(static_cast<std::uint32_t>(i * stride)) ? 0 : 1;
    }
  });
  std::vector<std::uint32_t> list(image.shape().degree);
  for (std::size_t i = 0; i < samples; ++i) {
    const auto record = static_cast<std::uint32_t>(i * stride);
    if (lost[i] == 0 || finders[0]->finds(record)) continue;
    connect(image, finders[0]->candidates(), record, degree, list);
  }
}

}  // namespace nearline::engine
