// SPDX-License-Identifier: Apache-2.0
#include "engine/link/reach.h"

#include <cassert>
#include <new>

#include "engine/link/add_edge.h"
#include "engine/walk/graph_search.h"

namespace nearline::engine {
namespace {

class Reacher {
 public:
  Reacher(RecordImage& image, const Space& space, std::vector<std::uint32_t> entries, std::uint32_t degree,
          std::uint32_t l)
      : image_(image),
        space_(space),
        degree_(degree),
        l_(l),
        reached_(image.count(), false),
        list_(image.shape().degree),
        reader_(image) {
    report_.entries = std::move(entries);
  }

  ReachReport run() {
    for (const std::uint32_t entry : report_.entries) spread(entry);
    for (std::uint32_t record = 0; record < image_.count(); ++record) {
      if (reached_[record]) continue;
      ++report_.repaired;
      if (!connect(record)) report_.entries.push_back(record);
      spread(record);
    }
    return std::move(report_);
  }

 private:
  /// Marks all that `from` leads to.
  void spread(std::uint32_t from) {
    if (reached_[from]) return;
    reached_[from] = true;
    pending_.push_back(from);
    while (!pending_.empty()) {
      const std::uint32_t record = pending_.back();
      pending_.pop_back();
      const std::uint32_t degree = format::unpack_neighbors(image_.shape(), image_.record(record), list_.data());
      for (std::uint32_t i = 0; i < degree; ++i) {
        if (reached_[list_[i]]) continue;
        reached_[list_[i]] = true;
        pending_.push_back(list_[i]);
        __builtin_prefetch(image_.record(list_[i]) + image_.shape().degree_place());
      }
    }
  }

  bool connect(std::uint32_t record) {
    const GraphView graph(space_, image_.shape(), image_.count(), report_.entries, 0);
    scratch_.query.resize(space_.query_bytes());
    const Query query = space_.query_of(image_.record(record), scratch_.query.data());
    search_in_memory(graph, query, l_, reader_, scratch_);
    for (std::size_t i = 0; i < scratch_.candidates.size(); ++i) {
      const AddedEdge added = add_edge(image_, scratch_.candidates[i].ordinal, record, degree_, list_);
      assert(added != AddedEdge::kKnown);  // else the record would be reached
      if (added == AddedEdge::kNew) return true;
    }
    return false;
  }

  RecordImage& image_;
  const Space& space_;
  const std::uint32_t degree_;
  const std::uint32_t l_;
  std::vector<bool> reached_;
  std::vector<std::uint32_t> pending_;
  std::vector<std::uint32_t> list_;
  ImageReader reader_;
  Scratch scratch_;
  ReachReport report_;
};

}  // namespace

ReachReport make_reachable(RecordImage& image, const Space& space, std::vector<std::uint32_t> entries,
                           std::uint32_t degree, std::uint32_t l) {
  return Reacher(image, space, std::move(entries), degree, l).run();
}

}  // namespace nearline::engine
