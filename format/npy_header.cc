// SPDX-License-Identifier: Apache-2.0
/// Magic, version, length, and a Python dictionary of exactly three entries. The dictionary is read by a parser that
/// knows nothing else of Python, so that anything unusual is refused instead of guessed at.
#include "format/npy_header.h"

#include <string>

namespace nearline::format {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kPreambleBytes = 10;        // magic, version, u16 length (version 1.0)
constexpr std::size_t kWrittenHeaderBytes = 128;  // holds the longest dictionary that encode_npy_array makes

/// A cursor over the dictionary's text.
class Text {
 public:
  Text(std::string_view text, std::uint64_t at) : text_(text), at_(at) {}

  /// Skips blanks, then takes `wanted` if it comes next.
  bool take(char wanted) {
    skip_blanks();
    if (place_ == text_.size() || text_[place_] != wanted) return false;
    ++place_;
    return true;
  }

  Result<void> expect(char wanted) {
    if (take(wanted)) return {};
    return bad_npy("expected '" + std::string(1, wanted) + "', found " + next(), where());
  }

  /// A string in single or double quotes, without escapes.
  Result<std::string_view> quoted() {
    skip_blanks();
    const char quote = place_ < text_.size() ? text_[place_] : '\0';
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, place_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) return bad_npy("expected a quoted word, found " + next(), where());
    const std::string_view word = text_.substr(place_ + 1, end - place_ - 1);
    place_ = end + 1;
    return word;
  }

  /// A bare word: True or False.
  std::string_view word() {
    skip_blanks();
    const std::size_t start = place_;
    while (place_ < text_.size() && ((text_[place_] | 0x20) >= 'a' && (text_[place_] | 0x20) <= 'z')) ++place_;
    return text_.substr(start, place_ - start);
  }

  Result<std::uint64_t> number() {
    skip_blanks();
    const std::size_t start = place_;
    std::uint64_t value = 0;
    for (; place_ < text_.size() && text_[place_] >= '0' && text_[place_] <= '9'; ++place_) {
      const auto digit = static_cast<std::uint64_t>(text_[place_] - '0');
      if (__builtin_mul_overflow(value, std::uint64_t{10}, &value) || __builtin_add_overflow(value, digit, &value))
        return bad_npy("expected a number below 2^64, found a larger one", where());
    }
    if (place_ == start) return bad_npy("expected a number, found " + next(), where());
    return value;
  }

  bool at_end() {
    skip_blanks();
    return place_ == text_.size();
  }

  [[nodiscard]] std::uint64_t where() const noexcept { return at_ + place_; }

 private:
  void skip_blanks() {
    while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n' || text_[place_] == '\t')) ++place_;
  }

  [[nodiscard]] std::string next() const {
    if (place_ == text_.size()) return "the end";
    const char c = text_[place_];
    if (c < 0x20 || c > 0x7E) return "byte " + std::to_string(static_cast<unsigned char>(c));
    return "'" + std::string(1, c) + "'";
  }

  std::string_view text_;
  std::uint64_t at_;  ///< offset of the text in the file
  std::size_t place_ = 0;
};

/// Behind an entry: true when another one comes, false once `close` was taken.
Result<bool> more_behind(Text& text, char close) {
  if (text.take(',')) return !text.take(close);
  NEARLINE_CHECK(text.expect(close));
  return false;
}

Result<void> take_descr(Text& text, NpyArray& array) {
  array.descr_at = text.where();
  NEARLINE_TRY(descr, text.quoted());
  array.descr = descr;
  return {};
}

Result<void> take_order(Text& text, NpyArray& array) {
  array.order_at = text.where();
  const std::string_view word = text.word();
  array.columns = word == "True";
  if (array.columns || word == "False") return {};
  return bad_npy("fortran_order: expected True or False, found something else", array.order_at);
}

/// (n,) or (rows, columns)
Result<void> take_shape(Text& text, NpyArray& array) {
  array.shape_at = text.where();
  NEARLINE_CHECK(text.expect('('));
  for (bool more = !text.take(')'); more;) {
    if (array.dimensions == array.sizes.size())
      return bad_npy("shape: expected one or two sizes, found more", array.shape_at);
    NEARLINE_TRY(size, text.number());
    array.sizes[array.dimensions++] = size;
    NEARLINE_TRY(another, more_behind(text, ')'));
    more = another;
  }
  if (array.dimensions == 0) return bad_npy("shape: expected one or two sizes, found none", array.shape_at);
  if (array.dimensions == 1) array.sizes[1] = 1;
  return {};
}

Result<void> take_entry(Text& text, std::array<bool, 3>& seen, NpyArray& array) {
  static constexpr std::array<std::string_view, 3> kKeys = {"descr", "fortran_order", "shape"};
  const std::uint64_t at = text.where();
  NEARLINE_TRY(key, text.quoted());
  NEARLINE_CHECK(text.expect(':'));
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (key != kKeys[i] || seen[i]) continue;
    seen[i] = true;
    return i == 0 ? take_descr(text, array) : i == 1 ? take_order(text, array) : take_shape(text, array);
  }
  return bad_npy("expected descr, fortran_order and shape, each once, found another key", at);
}

Result<void> parse_dictionary(Text& text, NpyArray& array) {
  std::array<bool, 3> seen{};
  NEARLINE_CHECK(text.expect('{'));
  for (bool more = !text.take('}'); more;) {
    NEARLINE_CHECK(take_entry(text, seen, array));  // NOLINT(clang-analyzer-*): it loses sight of the error's owner
    NEARLINE_TRY(another, more_behind(text, '}'));
    more = another;
  }
  if (!text.at_end()) return bad_npy("expected blanks behind the dictionary, found something else", text.where());
  if (!(seen[0] && seen[1] && seen[2]))
    return bad_npy("expected descr, fortran_order and shape, found fewer entries", text.where());
  return {};
}

}  // namespace

Error bad_npy(std::string_view what, std::uint64_t at) {
  return {Code::kBadInput, std::string("NumPy header: ").append(what), {}, at, 0};
}

Error bad_npy_type(const NpyArray& array, std::string_view expected) {
  std::string what = std::string("element type: expected ").append(expected) + ", found ";
  for (const char c : array.descr.substr(0, 16)) what += c >= 0x20 && c <= 0x7E ? c : '?';
  return bad_npy(what, array.descr_at);
}

Result<NpyArray> decode_npy_array(std::span<const std::byte> head) {
  const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  if (bytes.size() < kPreambleBytes || !bytes.starts_with(kMagic))
    return bad_npy("expected \\x93NUMPY, a version and a length, found something else", 0);
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  const std::uint32_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0)
    return bad_npy("version: expected 1.0, 2.0 or 3.0, found " + std::to_string(major) + "." + std::to_string(byte(7)),
                   6);
  std::size_t start = kPreambleBytes;
  std::uint64_t length = byte(8) | byte(9) << 8;
  if (major > 1) {
    start = 12;
    if (bytes.size() < start) return bad_npy("expected a length of 4 bytes, found the end of the file", 8);
    length |= std::uint64_t{byte(10)} << 16 | std::uint64_t{byte(11)} << 24;
  }
  if (length > bytes.size() - start)
    return bad_npy(
        "length: expected at most " + std::to_string(bytes.size() - start) + ", found " + std::to_string(length), 8);
  NpyArray array;
  array.data_at = start + length;
  Text text(bytes.substr(start, static_cast<std::size_t>(length)), start);
  NEARLINE_CHECK(parse_dictionary(text, array));
  return array;
}

std::vector<std::byte> encode_npy_array(std::string_view descr, std::uint64_t rows, std::uint64_t columns) {
  std::string text(kMagic);
  text += '\x01';
  text += '\0';
  text += static_cast<char>(kWrittenHeaderBytes - kPreambleBytes);
  text += '\0';
  text += "{'descr': '";
  text += descr;
  text += "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + "," +
          (columns == 0 ? "" : " " + std::to_string(columns)) + "), }";
  text.resize(kWrittenHeaderBytes - 1, ' ');
  text += '\n';
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace nearline::format
