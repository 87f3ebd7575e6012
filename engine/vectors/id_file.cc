// SPDX-License-Identifier: Apache-2.0
/// Lists of ids: .u64bin, or text with one number a line.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "engine/vectors/neighbor_file.h"
#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "format/vector_header.h"

namespace nearline::engine {
namespace {

bool is_binary(const std::filesystem::path& path) {
  return path.extension() == ".u64bin";
}

Result<std::vector<Id>> read_binary(const io::File& file, std::uint64_t file_bytes) {
  std::vector<std::byte> head(static_cast<std::size_t>(std::min(file_bytes, format::kIdsAt)));
  NEARLINE_CHECK(read_input(file, 0, head));
  auto count = format::decode_id_header(head, file_bytes);
  if (!count) return std::move(count).error().in(file.path().string());
  std::vector<Id> ids(static_cast<std::size_t>(*count));
  NEARLINE_CHECK(read_input(file, format::kIdsAt, std::as_writable_bytes(std::span(ids))));
  return ids;
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

Result<std::vector<Id>> read_text(const io::File& file, std::uint64_t file_bytes) {
  std::string text(static_cast<std::size_t>(file_bytes), '\0');
  NEARLINE_CHECK(read_input(file, 0, std::as_writable_bytes(std::span(text))));
  std::vector<Id> ids;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    auto id = parse_line(std::string_view(text).substr(at, end - at));
    if (!id)
      return Error{Code::kBadInput, "line " + std::to_string(ids.size() + 1) + ": " + id.error().what,
                   file.path().string(), at, 0};
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

}  // namespace

Result<std::vector<Id>> read_ids(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(file, fs.open_read(path));
  NEARLINE_TRY(file_bytes, file->size());
  NEARLINE_TRY(ids, is_binary(path) ? read_binary(*file, file_bytes) : read_text(*file, file_bytes));
  const auto reserved = std::find(ids.begin(), ids.end(), kNoId);
  if (reserved == ids.end()) return ids;
  return Error{Code::kBadInput,
               "id of row " + std::to_string(reserved - ids.begin()) +
                   ": expected at most 18446744073709551614, found the number that pads short results",
               path.string()};
}

Result<void> write_ids(io::FileSystem& fs, const std::filesystem::path& path, std::span<const Id> ids, bool replace) {
  if (is_binary(path) && ids.size() > 0xFFFF'FFFF)
    return Error{Code::kInvalidArgument,
                 "ids: expected at most 4294967295 in this form, found " + std::to_string(ids.size()), path.string()};
  NEARLINE_TRY(file, io::AtomicFile::create(fs, path, replace));
  BufferedAppender out(std::move(file));
  if (is_binary(path)) {
    const std::uint32_t header[2] = {static_cast<std::uint32_t>(ids.size()), 1};
    NEARLINE_CHECK(out.append(std::as_bytes(std::span(header))));
    NEARLINE_CHECK(out.append(std::as_bytes(ids)));
  } else {
    NEARLINE_CHECK(append_text(out, ids));
  }
  NEARLINE_CHECK(out.flush());
  return out.file().publish();
}

}  // namespace nearline::engine

namespace nearline {

Result<std::vector<Id>> read_ids(const std::filesystem::path& path) {
  return engine::read_ids(io::real_file_system(), path);
}

Result<void> write_ids(const std::filesystem::path& path, std::span<const Id> ids, bool replace) {
  return engine::write_ids(io::real_file_system(), path, ids, replace);
}

}  // namespace nearline
