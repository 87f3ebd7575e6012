// SPDX-License-Identifier: Apache-2.0
/// The question: how many pages does certainty cost, and how many the next page of answers? Counts, no times.
///     exact_reads INDEX QUERIES COUNT [RECALL]
/// Prints a line of JSON over the first COUNT queries: the share of the index's pages that an exact search for ten and
/// an exact search for all within the tenth distance look at; and, each query on an index opened anew, the reads of a
/// cursor's first and second page of ten at that recall (0.95 unless said; 0 stands for L 64), and of the second by a
/// token in an index that was opened anew again.
#include <string>

#include "nearline/index.h"
#include "peer.h"

namespace {

using namespace nearline;
using peer::value_or_exit;

constexpr std::uint32_t kTen = 10;
const OpenOptions kOptions{.io = IoMode::kDirect, .ranking = Ranking::kCodes, .threads = 1};

/// Blocks of 4 KiB that a query looked at, in the cache or not.
double touched(const QueryStats& stats, const IndexInfo& info) {
  return stats.page_reads + stats.cache_hits * (info.page_bytes / 4096.0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    std::fprintf(stderr, "usage: exact_reads INDEX QUERIES COUNT [RECALL]\n");
    return 1;
  }
  const std::string path = argv[1];
  const Index index = value_or_exit(Index::open(path, kOptions));
  const IndexInfo info = index.info();
  const auto file = value_or_exit(VectorFile::open(argv[2]));
  const auto bytes = value_or_exit(file.read_all());
  const std::size_t count = std::min<std::size_t>(std::stoull(argv[3]), file.rows());
  const float recall = argc == 5 ? std::stof(argv[4]) : 0.95F;
  const std::size_t row_bytes = vector_bytes(file.type(), file.dim());
  double exact = 0, radius = 0, first = 0, second = 0, by_token = 0;
  for (std::size_t q = 0; q < count; ++q) {
    const MatrixView query{bytes.data() + q * row_bytes, 1, file.dim(), file.type()};
    const auto found = value_or_exit(index.search(query, {.k = kTen, .exact = true}));
    exact += touched(found.stats[0], info);
    const auto within =
        value_or_exit(index.range_search(query, {.radius = found.distances[found.counts[0] - 1], .exact = true}));
    radius += touched(within.stats[0], info);
    const SearchOptions options{.k = kTen, .recall = recall};
    {
      const Index cold = value_or_exit(Index::open(path, kOptions));
      Cursor cursor = value_or_exit(cold.cursor(query, options));
      first += value_or_exit(cursor.next(kTen)).stats.page_reads;
      second += value_or_exit(cursor.next(kTen)).stats.page_reads;
    }
    const auto page = value_or_exit(index.search_page(query, options));
    const Index cold = value_or_exit(Index::open(path, kOptions));
    by_token += value_or_exit(cold.search_page(query, options, page.next)).stats.page_reads;
  }
  const double blocks = static_cast<double>((info.count + info.records_per_page - 1) / info.records_per_page) *
                        (info.page_bytes / 4096.0);
  const auto mean = [&](double sum) { return sum / static_cast<double>(count); };
  std::printf(
      "{\"blocks\": %.0f, \"exact_blocks\": %.1f, \"exact_share\": %.4f, \"radius_share\": %.4f, "
      "\"first_page_reads\": %.2f, \"second_page_reads\": %.2f, \"token_page_reads\": %.2f, \"queries\": %zu}\n",
      blocks, mean(exact), mean(exact) / blocks, mean(radius) / blocks, mean(first), mean(second), mean(by_token),
      count);
  return 0;
}
