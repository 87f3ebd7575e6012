// SPDX-License-Identifier: Apache-2.0
/// What the programs of the peers share, so that all are asked the same and counted in the same way: rows, threads, the
/// cost of the process, and one sweep over the efforts. A peer is driven by two calls:
///   PEER build  BASE INDEX METRIC ... THREADS
///   PEER search INDEX QUERIES TRUTH METRIC K EFFORT[,EFFORT...] THREADS SECONDS
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "nearline/result.h"
#include "nearline/types.h"
#include "nearline/vector_file.h"

namespace peer {

/// For programs that have nobody to give an error to.
template <class T>
T value_or_exit(nearline::Result<T> result) {
  if constexpr (std::is_void_v<T>) {
    if (result) return;
  } else {
    if (result) return std::move(result).value();
  }
  std::fprintf(stderr, "%s\n", result.error().message().c_str());
  std::exit(nearline::exit_status(result.error().code));
}

/// Rows as the peers want them: u8 as it is where the peer can, everything else as f32, of norm 1 under cosine.
struct Rows {
  std::size_t count = 0, dim = 0, row_bytes = 0;
  std::vector<std::byte> bytes;
  const void* row(std::size_t i) const { return bytes.data() + i * row_bytes; }
  const float* floats() const { return reinterpret_cast<const float*>(bytes.data()); }
};

enum class Bytes { kKeep, kToFloat };  ///< whether u8 rows stay as they are

/// Rows [first, first + count) of the file.
Rows load(const nearline::VectorFile& file, std::size_t first, std::size_t count, const std::string& metric,
          Bytes bytes);

/// Runs `work(i)` for i in [0, count), each once, on `threads` threads.
void parallel(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work);

/// Arguments of a search, in the order of the command line.
struct SearchCall {
  std::string index, queries, truth, metric;
  std::size_t k = 0;
  std::vector<std::size_t> efforts;
  unsigned threads = 1;
  double least_seconds = 0;  ///< passes are repeated at each effort until so much time has gone by

  static SearchCall parse(char** argv);  ///< argv[2] on; a number that is none throws std::invalid_argument
};

/// How a sweep asks an open index. `answer` may be called from many threads; ids of nobody are not counted.
struct Subject {
  std::function<void(std::size_t effort)> set_effort;
  std::function<void(const void* query, std::vector<std::uint64_t>& ids)> answer;
  std::function<double()> pages_touched;  ///< 4 KiB of index looked at since set_effort; empty when not known
  std::function<double()> compared{};     ///< vectors compared with queries since set_effort; empty when not known
};

/// Prints one JSON object for each effort. Stops early where more effort is of no use: above every recall that is
/// reported, or when the recall stands still.
void sweep(const std::string& engine, const SearchCall& call, const Rows& queries, const Subject& subject);

/// Prints the cost of a build as JSON.
void print_build(const std::string& engine, std::size_t rows, unsigned threads);

}  // namespace peer
