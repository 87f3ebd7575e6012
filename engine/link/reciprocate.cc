// SPDX-License-Identifier: Apache-2.0
#include "engine/link/reciprocate.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "engine/link/add_edge.h"
#include "engine/link/list_worker.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

/// An edge is taken away only from a record to which so many lead. Fewer, and what was mended first is undone in turn.
constexpr std::uint8_t kEnough = 16;
constexpr std::size_t kChunk = 1024;

class Reciprocator {
 public:
  Reciprocator(RecordImage& image, const Space& space, std::uint32_t degree, std::uint32_t threads)
      : image_(image), space_(space), degree_(degree), threads_(threads), query_(space.query_bytes()) {
    scratch_.resize(threads, std::vector<std::uint32_t>(2 * std::size_t{image.shape().degree}));
  }

  void run() {
    const std::size_t count = image_.count();
    std::vector<std::uint8_t> alone(count);
    parallel_for(count, kChunk, threads_, [&](std::size_t begin, std::size_t end, unsigned thread) {
      for (std::size_t i = begin; i < end; ++i) alone[i] = is_alone(static_cast<std::uint32_t>(i), thread) ? 1 : 0;
    });
    if (std::find(alone.begin(), alone.end(), 1) == alone.end()) return;
    count_edges();
    for (std::size_t i = 0; i < count; ++i) {
      if (alone[i] != 0) mend(static_cast<std::uint32_t>(i));
    }
  }

 private:
  std::span<std::uint32_t> list(std::uint32_t record, std::span<std::uint32_t> room) const {
    return room.first(format::unpack_neighbors(image_.shape(), image_.record(record), room.data()));
  }
  std::span<std::uint32_t> own_room(unsigned thread) {
    return std::span(scratch_[thread]).first(image_.shape().degree);
  }
  std::span<std::uint32_t> other_room(unsigned thread) {
    return std::span(scratch_[thread]).subspan(image_.shape().degree);
  }

  bool is_alone(std::uint32_t record, unsigned thread) {
    const auto own = list(record, own_room(thread));
    if (own.empty()) return false;
    const auto theirs = list(own.front(), other_room(thread));
    return std::find(theirs.begin(), theirs.end(), record) == theirs.end();
  }

  /// Edges that lead to each record, up to as many as a byte can say.
  void count_edges() {
    leading_.assign(image_.count(), 0);
    for (std::uint32_t i = 0; i < image_.count(); ++i) {
      for (const std::uint32_t target : list(i, own_room(0))) {
        if (leading_[target] != std::numeric_limits<std::uint8_t>::max()) ++leading_[target];
      }
    }
  }

  void mend(std::uint32_t record) {
    const std::uint32_t nearest = list(record, own_room(0)).front();
    if (add_edge(image_, nearest, record, degree_, list_) == AddedEdge::kNoRoom) take_place(nearest, record);
  }

  /// Puts `record` in the place of the farthest neighbour of `near` that can do without, if there is one.
  void take_place(std::uint32_t near, std::uint32_t record) {
    const auto theirs = list(near, other_room(0));
    records_.clear();
    for (const std::uint32_t one : theirs) records_.push_back(image_.record(one));
    distances_.resize(theirs.size());
    space_.distances(space_.query_of(image_.record(near), query_.data()), records_, distances_.data());
    std::size_t farthest = theirs.size();
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      if (leading_[theirs[i]] < kEnough) continue;
      if (farthest == theirs.size() || distances_[i] > distances_[farthest]) farthest = i;
    }
    if (farthest == theirs.size()) return;
    --leading_[theirs[farthest]];
    ++leading_[record];
    theirs[farthest] = record;
    format::store_neighbors(image_.shape(), theirs, image_.record(near));
  }

  RecordImage& image_;
  const Space& space_;
  const std::uint32_t degree_;
  const std::uint32_t threads_;
  std::vector<std::vector<std::uint32_t>> scratch_;  ///< of each thread: room for two lists
  std::vector<std::uint32_t> list_ = std::vector<std::uint32_t>(image_.shape().degree);
  std::vector<std::uint8_t> leading_;
  std::vector<std::byte> query_;
  std::vector<const std::byte*> records_;
  std::vector<float> distances_;
};

}  // namespace

void reciprocate(RecordImage& image, const Space& space, std::uint32_t degree, std::uint32_t threads) {
  Reciprocator(image, space, degree, std::max(threads, 1U)).run();
}

}  // namespace nearline::engine
