// SPDX-License-Identifier: Apache-2.0
/// Strings, or sorted lists of numbers, each kept once and numbered from 0 in the order in which they came.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nearline::engine {

class StringPool {
 public:
  std::uint32_t number_of(std::string_view text) {
    const auto known = numbers_.find(text);
    if (known != numbers_.end()) return known->second;
    const auto number = static_cast<std::uint32_t>(strings_.size());
    const std::string& kept = strings_.emplace_back(text);
    numbers_.emplace(kept, number);
    bytes_ += kept.size() + kEntryBytes;
    return number;
  }

  [[nodiscard]] const std::string& operator[](std::uint64_t number) const noexcept { return strings_[number]; }
  [[nodiscard]] std::size_t size() const noexcept { return strings_.size(); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return bytes_; }

 private:
  /// What a string, its number and their places in two containers take, about.
  static constexpr std::uint64_t kEntryBytes = 96;

  std::deque<std::string> strings_;  // which stay where they are
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::uint64_t bytes_ = 0;
};

/// Lists of numbers of strings: the tags of a record. A list is kept as the bytes of its numbers.
class ListPool {
 public:
  std::uint32_t number_of(const std::vector<std::uint32_t>& list) {
    return lists_.number_of({reinterpret_cast<const char*>(list.data()), list.size() * sizeof(std::uint32_t)});
  }

  [[nodiscard]] std::size_t length(std::uint64_t number) const noexcept {
    return lists_[number].size() / sizeof(std::uint32_t);
  }
  [[nodiscard]] std::uint32_t at(std::uint64_t number, std::size_t i) const noexcept {
    std::uint32_t string = 0;
    lists_[number].copy(reinterpret_cast<char*>(&string), sizeof string, i * sizeof string);
    return string;
  }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return lists_.memory_bytes(); }

 private:
  StringPool lists_;
};

}  // namespace nearline::engine
