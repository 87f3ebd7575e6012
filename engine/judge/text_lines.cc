// SPDX-License-Identifier: Apache-2.0
#include "engine/judge/text_lines.h"

#include <algorithm>
#include <span>

#include "engine/vectors/vector_file_reader.h"
#include "io/file.h"

namespace nearline::engine {

Result<std::string> read_whole(const std::filesystem::path& path) {
  NEARLINE_TRY(file, io::real_file_system().open_read(path));
  NEARLINE_TRY(bytes, file->size());
  std::string text(static_cast<std::size_t>(bytes), '\0');
  NEARLINE_CHECK(read_input(*file, 0, std::as_writable_bytes(std::span(text))));
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  lines.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

}  // namespace nearline::engine
