// SPDX-License-Identifier: Apache-2.0
/// The coroutine type of one query's walk. Its frame lives in memory that the scratch keeps from query to query, so
/// that a search allocates nothing once it has run once.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "nearline/result.h"

namespace nearline::engine {

/// One coroutine frame's worth of memory, reused.
class FrameMemory {
 public:
  void* take(std::size_t bytes) {
    if (bytes > bytes_) {
      memory_ = std::make_unique<std::byte[]>(bytes);
      bytes_ = bytes;
    }
    return memory_.get();
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return bytes_; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t bytes_ = 0;
};

/// A walk that runs at once until it first waits for pages, and is resumed by the page reader. Owns its frame.
class SearchTask {
 public:
  struct promise_type {
    Result<void> outcome;
    bool out_of_memory = false;

    /// Coroutines take the memory for their frame as their first parameter.
    template <class... Rest>
    static void* operator new(std::size_t bytes, FrameMemory& memory, Rest&...) {
      return memory.take(bytes);
    }
    static void operator delete(void*, std::size_t) noexcept {}

    SearchTask get_return_object() { return SearchTask(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(Result<void> result) { outcome = std::move(result); }
    void unhandled_exception() noexcept { out_of_memory = true; }  // only allocations throw in a walk
  };

  SearchTask() = default;
  SearchTask(SearchTask&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  SearchTask& operator=(SearchTask&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~SearchTask() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool started() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] bool done() const noexcept { return handle_.done(); }
  /// The outcome of a walk that is done. Throws std::bad_alloc where it lacked memory, which an error would need too.
  [[nodiscard]] Result<void>& outcome() const {
    if (handle_.promise().out_of_memory) throw std::bad_alloc();
    return handle_.promise().outcome;
  }

 private:
  explicit SearchTask(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace nearline::engine
