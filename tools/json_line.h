// SPDX-License-Identifier: Apache-2.0
/// One JSON object on one line, its keys in the order they were put.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nearline/types.h"

namespace nearline::tools {

class JsonLine {
 public:
  JsonLine();
  JsonLine(JsonLine&&) noexcept;
  ~JsonLine();

  JsonLine& put(const char* key, std::unsigned_integral auto value) { return put_number(key, value); }
  JsonLine& put(const char* key, bool value);
  JsonLine& put(const char* key, std::int64_t value);
  JsonLine& put(const char* key, double value);  ///< null when not finite: JSON has no word for it
  JsonLine& put(const char* key, float value);   ///< in the fewest digits that name this float
  JsonLine& put(const char* key, std::string_view value);
  JsonLine& put(const char* key, const char* value) { return put(key, std::string_view(value)); }
  JsonLine& put(const char* key, std::span<const std::uint64_t> values);
  JsonLine& put(const char* key, std::span<const std::int64_t> values);
  JsonLine& put(const char* key, std::span<const float> values);
  JsonLine& put(const char* key, std::span<const std::string> values);
  JsonLine& put(const char* key, const JsonLine& object);
  JsonLine& put(const char* key, std::span<const JsonLine> objects);
  JsonLine& put_null(const char* key);

  /// The object and a line feed, to stdout. Bytes that are not UTF-8 are replaced.
  void print() const;

 private:
  JsonLine& put_number(const char* key, std::uint64_t value);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nearline::tools
