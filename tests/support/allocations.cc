// SPDX-License-Identifier: Apache-2.0
#include "tests/support/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> calls{0};
std::atomic<std::uint64_t> in_use{0};
std::atomic<std::uint64_t> peak{0};

constexpr std::int64_t kNeverFails = std::int64_t{1} << 62;
std::atomic<std::int64_t> until_failure{kNeverFails};  // calls that still work
std::atomic<bool> fails_for_ever{false};

bool fails_now() noexcept {
  const std::int64_t left = until_failure.fetch_sub(1, std::memory_order_relaxed);
  return left == 0 || (left < 0 && fails_for_ever.load(std::memory_order_relaxed));
}

void* counted(void* memory) noexcept {
  if (memory == nullptr) return nullptr;
  calls.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t bytes = malloc_usable_size(memory);
  const std::uint64_t now = in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::uint64_t most = peak.load(std::memory_order_relaxed);
  while (most < now && !peak.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
  return memory;
}

void* take(std::size_t bytes) noexcept {
  return fails_now() ? nullptr : counted(std::malloc(bytes == 0 ? 1 : bytes));
}

void* take(std::size_t bytes, std::align_val_t alignment) noexcept {
  if (fails_now()) return nullptr;
  const auto to = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(to, (bytes + to - 1) / to * to));
}

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) noexcept {
  if (memory == nullptr) return;
  in_use.fetch_sub(malloc_usable_size(memory), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

// The array forms call these, or are left to the sanitizers.
void* operator new(std::size_t bytes) {
  return or_throw(take(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return take(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(take(bytes, alignment));
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return take(bytes, alignment);
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  give_back(memory);
}

namespace nearline::testing {

std::uint64_t allocations() noexcept {
  return calls.load(std::memory_order_relaxed);
}
std::uint64_t bytes_in_use() noexcept {
  return in_use.load(std::memory_order_relaxed);
}
std::uint64_t peak_bytes() noexcept {
  return peak.load(std::memory_order_relaxed);
}
void fail_allocation(std::uint64_t k, bool for_ever) noexcept {
  fails_for_ever = for_ever;
  until_failure = static_cast<std::int64_t>(k) - 1;
}
bool allow_allocations() noexcept {
  return until_failure.exchange(kNeverFails) < 0;
}
void reset_peak() noexcept {
  peak.store(in_use.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace nearline::testing
