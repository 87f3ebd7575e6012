// SPDX-License-Identifier: Apache-2.0
/// Lists of ids: .u64bin, .npy, or text with one number a line.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "engine/vectors/neighbor_file.h"
#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "format/neighbor_header.h"
#include "io/stream_file.h"

namespace nearline::engine {
namespace {

using format::IdForm;

IdForm form_of(const std::filesystem::path& path) {
  return format::id_form(path.extension().string());
}

Result<std::vector<Id>> read_binary(const io::File& file, IdForm form) {
  NEARLINE_TRY(file_bytes, file.size());
  NEARLINE_TRY(head, read_head(file, file_bytes));
  auto decoded = format::decode_id_header(form, head, file_bytes);
  if (!decoded) return std::move(decoded).error().in(file.path().string());
  const format::IdHeader header = *decoded;
  std::vector<Id> ids(static_cast<std::size_t>(header.count));
  if (header.id_bytes == sizeof(Id)) {
    NEARLINE_CHECK(read_input(file, header.ids_at, std::as_writable_bytes(std::span(ids))));
  } else {
    std::vector<std::byte> cells(ids.size() * header.id_bytes);
    NEARLINE_CHECK(read_input(file, header.ids_at, cells));
    for (std::size_t i = 0; i < ids.size(); ++i)
      std::memcpy(&ids[i], cells.data() + i * header.id_bytes, header.id_bytes);
  }
  if (!header.has_sign) return ids;
  const Id sign = Id{1} << (8 * header.id_bytes - 1);
  const auto below = std::find_if(ids.begin(), ids.end(), [&](Id id) { return (id & sign) != 0; });
  if (below == ids.end()) return ids;
  const auto row = static_cast<std::uint64_t>(below - ids.begin());
  return Error{Code::kBadInput, "id of row " + std::to_string(row) + ": expected 0 or more, found a smaller one",
               file.path().string(), header.ids_at + row * header.id_bytes, 0};
}

/// One number, blanks around it allowed.
Result<Id> parse_line(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  const auto last = line.find_last_not_of(" \t\r");
  const std::string_view word = first == std::string_view::npos ? "" : line.substr(first, last - first + 1);
  Id id = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (error == std::errc{} && end == word.data() + word.size()) return id;
  return Error{Code::kBadInput, "expected a number from 0 to 18446744073709551614, found something else"};
}

Result<std::string> text_of(const io::File& file) {
  NEARLINE_TRY(file_bytes, file.size());
  std::string text(static_cast<std::size_t>(file_bytes), '\0');
  NEARLINE_CHECK(read_input(file, 0, std::as_writable_bytes(std::span(text))));
  return text;
}

Result<std::string> text_of_stream(const io::File& stream) {
  constexpr std::size_t kChunkBytes = 64 << 10;
  std::string text;
  for (std::size_t known = 0;; text.resize(known)) {
    text.resize(known + kChunkBytes);
    NEARLINE_TRY(got, stream.read_some(known, std::as_writable_bytes(std::span(text)).subspan(known)));
    known += got;
    if (got > 0) continue;
    text.resize(known);
    return text;
  }
}

Result<std::vector<Id>> parse_text(std::string_view text, const std::filesystem::path& path) {
  std::vector<Id> ids;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto id = parse_line(text.substr(at, end - at));
    if (!id)
      return Error{Code::kBadInput, "line " + std::to_string(ids.size() + 1) + ": " + id.error().what, path.string(),
                   at, 0};
    ids.push_back(*id);
    at = end + 1;
  }
  return ids;
}

Result<void> append_text(BufferedAppender& out, std::span<const Id> ids) {
  for (const Id id : ids) {
    const std::string line = std::to_string(id) + "\n";
    NEARLINE_CHECK(out.append(std::as_bytes(std::span(line))));
  }
  return {};
}

/// The number that pads short results is nobody's id.
Result<std::vector<Id>> without_reserved(Result<std::vector<Id>> ids, const std::filesystem::path& path) {
  if (!ids) return ids;
  const auto reserved = std::find(ids->begin(), ids->end(), kNoId);
  if (reserved == ids->end()) return ids;
  return Error{Code::kBadInput,
               "id of row " + std::to_string(reserved - ids->begin()) +
                   ": expected at most 18446744073709551614, found the number that pads short results",
               path.string()};
}

}  // namespace

Result<std::vector<Id>> read_ids(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(file, fs.open_read(path));
  const IdForm form = form_of(path);
  if (form == IdForm::kText) {
    NEARLINE_TRY(text, text_of(*file));
    return without_reserved(parse_text(text, path), path);
  }
  return without_reserved(read_binary(*file, form), path);
}

Result<std::vector<Id>> read_ids(const io::File& stream) {
  if (form_of(stream.path()) != IdForm::kText)
    return Error{Code::kBadInput, "binary ids: expected a file, found a stream", stream.path().string()};
  NEARLINE_TRY(text, text_of_stream(stream));
  return without_reserved(parse_text(text, stream.path()), stream.path());
}

Result<void> write_ids(io::FileSystem& fs, const std::filesystem::path& path, std::span<const Id> ids, bool replace) {
  const IdForm form = form_of(path);
  if (form == IdForm::kU64bin && ids.size() > 0xFFFF'FFFF)
    return Error{Code::kInvalidArgument,
                 "ids: expected at most 4294967295 in this form, found " + std::to_string(ids.size()), path.string()};
  NEARLINE_TRY(file, io::AtomicFile::create(fs, path, replace));
  BufferedAppender out(std::move(file));
  if (form == IdForm::kText) {
    NEARLINE_CHECK(append_text(out, ids));
  } else {
    NEARLINE_CHECK(out.append(format::encode_id_header(form, ids.size())));
    NEARLINE_CHECK(out.append(std::as_bytes(ids)));
  }
  NEARLINE_CHECK(out.flush());
  return out.file().publish();
}

}  // namespace nearline::engine

namespace nearline {

Result<std::vector<Id>> read_ids(const std::filesystem::path& path) {
  if (io::is_stream(path)) {
    NEARLINE_TRY(stream, io::open_stream(path));
    return engine::read_ids(*stream);
  }
  return engine::read_ids(io::real_file_system(), path);
}

Result<void> write_ids(const std::filesystem::path& path, std::span<const Id> ids, bool replace) {
  return engine::write_ids(io::real_file_system(), path, ids, replace);
}

}  // namespace nearline
