// SPDX-License-Identifier: Apache-2.0
#include "tools/json_line.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace nearline::tools {

namespace {

/// The double that prints as the shortest decimal which names this float: 1.2, not 1.2000000476837158.
double shortest(float value) noexcept {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  double decimal = static_cast<double>(value);
  if (error == std::errc{} && std::isfinite(value)) std::from_chars(text, end, decimal);
  return decimal;
}

}  // namespace

struct JsonLine::Impl {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
};

JsonLine::JsonLine() : impl_(std::make_unique<Impl>()) {}
JsonLine::JsonLine(JsonLine&&) noexcept = default;
JsonLine::~JsonLine() = default;

JsonLine& JsonLine::put_number(const char* key, std::uint64_t value) {
  impl_->object[key] = value;
  return *this;
}

JsonLine& JsonLine::put(const char* key, bool value) {
  impl_->object[key] = value;
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::int64_t value) {
  impl_->object[key] = value;
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::span<const JsonLine> objects) {
  auto& array = impl_->object[key] = nlohmann::ordered_json::array();
  for (const JsonLine& object : objects) array.push_back(object.impl_->object);
  return *this;
}

JsonLine& JsonLine::put(const char* key, double value) {
  impl_->object[key] = value;  // the library itself writes null for what is not finite
  return *this;
}

JsonLine& JsonLine::put(const char* key, float value) {
  return put(key, shortest(value));
}

JsonLine& JsonLine::put(const char* key, std::string_view value) {
  impl_->object[key] = std::string(value);
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::span<const std::uint64_t> values) {
  auto& array = impl_->object[key] = nlohmann::ordered_json::array();
  for (const std::uint64_t value : values) array.push_back(value);
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::span<const std::int64_t> values) {
  auto& array = impl_->object[key] = nlohmann::ordered_json::array();
  for (const std::int64_t value : values) array.push_back(value);
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::span<const float> values) {
  auto& array = impl_->object[key] = nlohmann::ordered_json::array();
  for (const float value : values) array.push_back(shortest(value));
  return *this;
}

JsonLine& JsonLine::put(const char* key, std::span<const std::string> values) {
  auto& array = impl_->object[key] = nlohmann::ordered_json::array();
  for (const std::string& value : values) array.push_back(value);
  return *this;
}

JsonLine& JsonLine::put(const char* key, const JsonLine& object) {
  impl_->object[key] = object.impl_->object;
  return *this;
}

JsonLine& JsonLine::put_null(const char* key) {
  impl_->object[key] = nullptr;
  return *this;
}

void JsonLine::print() const {
  const std::string line = impl_->object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

}  // namespace nearline::tools
