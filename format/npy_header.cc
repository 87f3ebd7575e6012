// SPDX-License-Identifier: Apache-2.0
/// NumPy's array header: magic, version, length, and a Python dictionary of exactly three entries. The dictionary is
/// read by a parser that knows nothing else of Python, so that anything unusual is refused instead of guessed at.
#include <array>
#include <cstring>
#include <string>

#include "format/vector_header.h"

namespace nearline::format {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kPreambleBytes = 10;        // magic, version, u16 length (version 1.0)
constexpr std::size_t kWrittenHeaderBytes = 128;  // holds the longest dictionary that encode_npy_header makes

Error bad(const std::string& what, std::uint64_t at) {
  return {Code::kBadInput, std::string("NumPy header: ").append(what), {}, at, 0};
}

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
    return bad("expected '" + std::string(1, wanted) + "', found " + next(), where());
  }

  /// A string in single or double quotes, without escapes.
  Result<std::string_view> quoted() {
    skip_blanks();
    const char quote = place_ < text_.size() ? text_[place_] : '\0';
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, place_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) return bad("expected a quoted word, found " + next(), where());
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
        return bad("expected a number below 2^64, found a larger one", where());
    }
    if (place_ == start) return bad("expected a number, found " + next(), where());
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

std::optional<ElementType> type_of(std::string_view descr) noexcept {
  if (descr == "<f4") return ElementType::kF32;
  if (descr == "<f2") return ElementType::kF16;
  if (descr == "|u1" || descr == "<u1") return ElementType::kU8;
  if (descr == "|i1" || descr == "<i1") return ElementType::kI8;
  return std::nullopt;
}

/// Behind an entry: true when another one comes, false once `close` was taken.
Result<bool> more_behind(Text& text, char close) {
  if (text.take(',')) return !text.take(close);
  NEARLINE_CHECK(text.expect(close));
  return false;
}

Result<void> take_descr(Text& text, VectorHeader& header) {
  const std::uint64_t at = text.where();
  NEARLINE_TRY(descr, text.quoted());
  const auto type = type_of(descr);
  if (!type) {
    std::string shown;
    for (const char c : descr.substr(0, 16)) shown += c >= 0x20 && c <= 0x7E ? c : '?';
    return bad("element type: expected <f4, <f2, |u1 or |i1, found " + shown, at);
  }
  header.type = *type;
  return {};
}

Result<void> take_order(Text& text) {
  const std::uint64_t at = text.where();
  if (text.word() == "False") return {};
  return bad("fortran_order: expected False, found something else", at);
}

/// (n,) is one vector of n components; (rows, dim) is a table.
Result<void> take_shape(Text& text, VectorHeader& header) {
  const std::uint64_t at = text.where();
  std::array<std::uint64_t, 2> sizes{};
  std::size_t count = 0;
  NEARLINE_CHECK(text.expect('('));
  for (bool more = !text.take(')'); more;) {
    if (count == sizes.size()) return bad("shape: expected one or two sizes, found more", at);
    NEARLINE_TRY(size, text.number());
    sizes[count++] = size;
    NEARLINE_TRY(another, more_behind(text, ')'));
    more = another;
  }
  if (count == 0) return bad("shape: expected one or two sizes, found none", at);
  header.rows = count == 1 ? 1 : sizes[0];
  const std::uint64_t dim = sizes[count - 1];
  if (dim < 1 || dim > kMaxDim)
    return bad("dimension: expected 1 to " + std::to_string(kMaxDim) + ", found " + std::to_string(dim), at);
  header.dim = static_cast<std::uint32_t>(dim);
  return {};
}

Result<void> take_entry(Text& text, std::array<bool, 3>& seen, VectorHeader& header) {
  static constexpr std::array<std::string_view, 3> kKeys = {"descr", "fortran_order", "shape"};
  const std::uint64_t at = text.where();
  NEARLINE_TRY(key, text.quoted());
  NEARLINE_CHECK(text.expect(':'));
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (key != kKeys[i] || seen[i]) continue;
    seen[i] = true;
    return i == 0 ? take_descr(text, header) : i == 1 ? take_order(text) : take_shape(text, header);
  }
  return bad("expected descr, fortran_order and shape, each once, found another key", at);
}

Result<void> parse_dictionary(Text& text, VectorHeader& header) {
  std::array<bool, 3> seen{};
  NEARLINE_CHECK(text.expect('{'));
  for (bool more = !text.take('}'); more;) {
    NEARLINE_CHECK(take_entry(text, seen, header));  // NOLINT(clang-analyzer-*): it loses sight of the error's owner
    NEARLINE_TRY(another, more_behind(text, '}'));
    more = another;
  }
  if (!text.at_end()) return bad("expected blanks behind the dictionary, found something else", text.where());
  if (!(seen[0] && seen[1] && seen[2]))
    return bad("expected descr, fortran_order and shape, found fewer entries", text.where());
  return {};
}

}  // namespace

Result<VectorHeader> decode_npy_header(std::span<const std::byte> head) {
  const std::string_view bytes(reinterpret_cast<const char*>(head.data()), head.size());
  if (bytes.size() < kPreambleBytes || !bytes.starts_with(kMagic))
    return bad("expected \\x93NUMPY, a version and a length, found something else", 0);
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  const std::uint32_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0)
    return bad("version: expected 1.0, 2.0 or 3.0, found " + std::to_string(major) + "." + std::to_string(byte(7)), 6);
  std::size_t start = kPreambleBytes;
  std::uint64_t length = byte(8) | byte(9) << 8;
  if (major > 1) {
    start = 12;
    if (bytes.size() < start) return bad("expected a length of 4 bytes, found the end of the file", 8);
    length |= std::uint64_t{byte(10)} << 16 | std::uint64_t{byte(11)} << 24;
  }
  if (length > bytes.size() - start)
    return bad("length: expected at most " + std::to_string(bytes.size() - start) + ", found " + std::to_string(length),
               8);
  VectorHeader header;
  header.data_at = start + length;
  Text text(bytes.substr(start, static_cast<std::size_t>(length)), start);
  NEARLINE_CHECK(parse_dictionary(text, header));
  return header;
}

std::vector<std::byte> encode_npy_header(ElementType type, std::uint64_t rows, std::uint32_t dim) {
  const std::string descr = type == ElementType::kF32   ? "<f4"
                            : type == ElementType::kF16 ? "<f2"
                            : type == ElementType::kU8  ? "|u1"
                                                        : "|i1";
  std::string text(kMagic);
  text += '\x01';
  text += '\0';
  text += static_cast<char>(kWrittenHeaderBytes - kPreambleBytes);
  text += '\0';
  text += "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
          std::to_string(dim) + "), }";
  text.resize(kWrittenHeaderBytes - 1, ' ');
  text += '\n';
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace nearline::format
