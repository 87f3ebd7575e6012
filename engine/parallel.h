// SPDX-License-Identifier: Apache-2.0
/// Splits a range over threads. Which thread does which part is left to chance, so callers must not let it show; nor do
/// they learn how many threads there were: where the system gives fewer than were asked for, those do it all.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace nearline::engine {

/// Calls f(begin, end, thread) for chunks of [0, count), `thread` below max(threads, 1); returns when all are done.
/// What f throws is thrown here, once the others are done. One thread or one chunk runs on the caller's thread alone.
template <class F>
void parallel_for(std::size_t count, std::size_t chunk, unsigned threads, F&& f) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr thrown;
  std::once_flag first;
  const auto work = [&](unsigned thread) noexcept {
    try {
      while (true) {
        const std::size_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
        if (begin >= count) return;
        f(begin, std::min(count, begin + chunk), thread);
      }
    } catch (...) {
      std::call_once(first, [&] { thrown = std::current_exception(); });
    }
  };
  {
    std::vector<std::jthread> others;
    try {
      for (unsigned thread = 1; thread < threads && thread * chunk < count; ++thread) others.emplace_back(work, thread);
    } catch (const std::system_error&) {  // a limit on processes or on memory
    }
    work(0);
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace nearline::engine
