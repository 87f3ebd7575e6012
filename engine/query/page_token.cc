// SPDX-License-Identifier: Apache-2.0
#include "engine/query/page_token.h"

#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "format/checksum.h"
#include "format/endian.h"

namespace nearline::engine {
namespace {

using format::le32;
using format::le64;
using format::lef32;

struct Stored {
  le32 kind;                          //  0  kKind
  le64 file;                          //  4
  le64 generation;                    // 12
  le64 query;                         // 20
  le64 given;                         // 28
  lef32 distance;                     // 36
  le64 id;                            // 40
  std::array<std::byte, 6> checksum;  // 48
};
static_assert(sizeof(Stored) == 54 && offsetof(Stored, checksum) == 48 && alignof(Stored) == 1);
static_assert(sizeof(Stored) % 3 == 0 && sizeof(Stored) / 3 * 4 == kPageTokenLetters);  // no letter has bits to spare

constexpr std::uint32_t kKind = 0x01'50'4C'4E;  // "NLP" 1
constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::array<std::byte, 6> checksum_of(const Stored& stored) noexcept {
  const std::uint64_t hash = format::hash64(std::as_bytes(std::span(&stored, 1)).first(offsetof(Stored, checksum)));
  std::array<std::byte, 6> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(hash >> (8 * i) & 255);
  return bytes;
}

Error no_token(const char* found) {
  return {.code = Code::kInvalidArgument,
          .what = std::string("page token: expected the 72 letters that a page of answers ended with, found ") + found};
}

}  // namespace

std::string encode(const PageToken& token) {
  Stored stored{};
  stored.kind = kKind;
  stored.file = token.file;
  stored.generation = token.generation;
  stored.query = token.query;
  stored.given = token.given;
  stored.distance = token.distance;
  stored.id = token.id;
  stored.checksum = checksum_of(stored);
  const auto bytes = std::as_bytes(std::span(&stored, 1));
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t three = std::to_integer<std::uint32_t>(bytes[i]) << 16 |
                                std::to_integer<std::uint32_t>(bytes[i + 1]) << 8 |
                                std::to_integer<std::uint32_t>(bytes[i + 2]);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += kLetters[three >> shift & 63];
  }
  return text;
}

Result<PageToken> decode_page_token(std::string_view text) {
  if (text.size() != kPageTokenLetters) return no_token("another number of them");
  std::array<std::byte, sizeof(Stored)> bytes{};
  for (std::size_t i = 0, at = 0; i < text.size(); i += 4) {
    std::uint32_t three = 0;
    for (const char letter : text.substr(i, 4)) {
      const std::size_t value = kLetters.find(letter);
      if (value == std::string_view::npos) return no_token("another letter than those of base64url");
      three = three << 6 | static_cast<std::uint32_t>(value);
    }
    for (const unsigned shift : {16U, 8U, 0U}) bytes[at++] = static_cast<std::byte>(three >> shift & 255);
  }
  Stored stored;
  std::memcpy(&stored, bytes.data(), sizeof stored);
  if (stored.checksum != checksum_of(stored)) return no_token("letters that were changed");
  PageToken token{.file = stored.file,
                  .generation = stored.generation,
                  .query = stored.query,
                  .given = stored.given,
                  .distance = stored.distance,
                  .id = stored.id};
  if (stored.kind != kKind || std::isnan(token.distance)) return no_token("a token of another kind");
  return token;
}

}  // namespace nearline::engine
