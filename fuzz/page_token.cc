// SPDX-License-Identifier: Apache-2.0
// Any text as a page token: one line that says what was expected, or a token whose text it is, letter for letter. And
// any numbers make a token that is read as it was written.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/query/page_token.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearline;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = engine::decode_page_token(text);
  if (read) {
    FUZZ_PROPERTY(engine::encode(*read) == text);
  } else {
    FUZZ_PROPERTY(read.error().code == Code::kInvalidArgument && read.error().what.find('\n') == std::string::npos);
  }
  engine::PageToken token;
  if (size < sizeof token) return 0;
  std::memcpy(&token.file, data, sizeof token.file);
  std::memcpy(&token.generation, data + 8, sizeof token.generation);
  std::memcpy(&token.query, data + 16, sizeof token.query);
  std::memcpy(&token.given, data + 24, sizeof token.given);
  std::memcpy(&token.id, data + 32, sizeof token.id);
  std::memcpy(&token.distance, data + 40, sizeof token.distance);
  if (std::isnan(token.distance)) return 0;
  const auto again = engine::decode_page_token(engine::encode(token));
  FUZZ_PROPERTY(again && *again == token);
  return 0;
}
