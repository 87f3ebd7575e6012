// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/table.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace nearline::sqlite {
namespace {

constexpr std::string_view kOptions = "memory, recall, durable, wait or untrusted";

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// A word in quotes, or one that has none.
std::string unquoted(std::string_view word) {
  word = trimmed(word);
  if (word.size() < 2 || (word.front() != '\'' && word.front() != '"') || word.back() != word.front())
    return std::string(word);
  std::string all;
  for (std::size_t i = 1; i + 1 < word.size(); ++i) {
    all += word[i];
    if (word[i] == word.front() && i + 2 < word.size()) ++i;  // written twice
  }
  return all;
}

template <class T>
std::optional<T> number_of(std::string_view text) noexcept {
  T number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return {};
  return number;
}

/// "67108864", "64M", "2G", in powers of 1024.
std::optional<std::uint64_t> bytes_in(std::string_view text) noexcept {
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 0;
  if (!text.empty()) {
    const auto unit = kUnits.find(text.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  const auto number = number_of<std::uint64_t>(text);
  if (!number || *number > (~std::uint64_t{0} >> shift)) return {};
  return *number << shift;
}

Error bad_option(const std::string& key, const std::string& expected, const std::string& found) {
  return invalid(key + ": expected " + expected + ", found '" + found + "'");
}

Result<void> take_option(const std::string& key, const std::string& value, TableOptions& to) {
  if (key == "memory") {
    const auto bytes = bytes_in(value);
    if (!bytes) return bad_option(key, "bytes, such as 67108864, 64M or 2G", value);
    to.open.memory_bytes = *bytes;
    return {};
  }
  const auto number = number_of<double>(value);
  if (key == "recall") {
    if (!number || *number <= 0 || *number > 1) return bad_option(key, "a share above 0, up to 1", value);
    to.recall = *number;
  } else if (key == "wait") {
    if (!number || *number < 0 || *number > 1e9) return bad_option(key, "seconds from 0", value);
    to.changes.wait = std::chrono::milliseconds(static_cast<std::int64_t>(*number * 1000));
  } else if (key == "durable" || key == "untrusted") {
    if (value != "0" && value != "1") return bad_option(key, "0 or 1", value);
    if (key == "durable") to.changes.durable = value == "1";
    if (key == "untrusted") to.open.untrusted = to.changes.untrusted = value == "1";
  } else {
    return invalid("unknown option '" + key + "': expected " + std::string(kOptions));
  }
  return {};
}

/// words: of CREATE VIRTUAL TABLE, the arguments of USING nearline(...) from the fourth on.
Result<TableOptions> options_of(std::span<const char* const> words) {
  TableOptions options;
  if (words.size() < 4) return invalid("expected the index file: USING nearline('photos.near')");
  options.path = unquoted(words[3]);
  if (options.path.empty()) return invalid("expected the index file: USING nearline('photos.near')");
  for (const char* word : words.subspan(4)) {
    const std::string_view text = word;
    const auto equal = text.find('=');
    if (equal == std::string_view::npos)
      return invalid("expected options as NAME=VALUE, found '" + std::string(trimmed(text)) + "'");
    const std::string key(trimmed(text.substr(0, equal)));
    NEARLINE_CHECK(take_option(key, unquoted(text.substr(equal + 1)), options));
  }
  std::error_code failed;
  const auto whole = std::filesystem::absolute(options.path, failed);  // the working directory may change
  if (!failed) options.path = whole.string();
  options.changes.path = options.path;
  return options;
}

const char* type_in_sql(AttributeType type) noexcept {
  switch (type) {
    case AttributeType::kI64: return "INTEGER";
    case AttributeType::kF64: return "REAL";
    case AttributeType::kBool: return "BOOLEAN";
    default: return "TEXT";
  }
}

/// CREATE TABLE as sqlite3_declare_vtab takes it. Names of SQL are alike in capitals and not.
Result<std::string> declaration_of(const std::vector<Attribute>& attributes) {
  constexpr const char* kOwn[] = {"id", "vector", "payload", "distance", "k", "recall", "rowid", "oid", "_rowid_"};
  std::vector<const char*> names(std::begin(kOwn), std::end(kOwn));
  std::string text = "CREATE TABLE x(id INTEGER, vector BLOB";
  for (const Attribute& attribute : attributes) {
    const char* const name = attribute.name.c_str();
    if (std::ranges::any_of(names, [&](const char* other) { return sqlite3_stricmp(name, other) == 0; }))
      return invalid("attribute '" + attribute.name + "': expected a name that no other column of the table has");
    names.push_back(name);
    std::string quoted;
    for (const char c : attribute.name) quoted.append(c == '"' ? 2 : 1, c);
    text += ", \"" + quoted + "\" " + type_in_sql(attribute.type);
  }
  return text + ", payload BLOB, distance REAL HIDDEN, k INTEGER HIDDEN, recall REAL HIDDEN)";
}

bool same(const Schema& a, const Schema& b) {
  return a.dim == b.dim && a.type == b.type && a.metric == b.metric && a.attributes == b.attributes;
}

}  // namespace

Table::Table(sqlite3* connection, TableOptions how, Index&& opened)
    : sqlite3_vtab{},
      db(connection),
      options(std::move(how)),
      index(std::move(opened)),
      schema(index.info().schema),
      columns{static_cast<int>(schema.attributes.size())},
      changes(options.changes) {}

Result<void> Table::look_for_newer() {
  if (cursors > 0) return {};
  NEARLINE_TRY(newer, index.refresh());
  if (!newer || same(schema, index.info().schema)) return {};
  return Error{.code = Code::kUnsupported,
               .what =
                   "another index took the file's place: expected the same vectors and attributes; DROP the table "
                   "and CREATE it anew",
               .file = options.path};
}

int connect(sqlite3* db, void* /*nothing*/, int count, const char* const* words, sqlite3_vtab** table, char** message) {
  return guarded(message, [&]() -> Result<void> {
    NEARLINE_TRY(options, options_of({words, static_cast<std::size_t>(count)}));
    NEARLINE_TRY(index, Index::open(options.path, options.open));
    auto made = std::make_unique<Table>(db, std::move(options), std::move(index));
    NEARLINE_TRY(declaration, declaration_of(made->schema.attributes));
    if (sqlite3_declare_vtab(db, declaration.c_str()) != SQLITE_OK) return invalid(sqlite3_errmsg(db));
    sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
    *table = made.release();
    return {};
  });
}

int disconnect(sqlite3_vtab* table) {
  delete &table_of(table);
  return SQLITE_OK;
}

}  // namespace nearline::sqlite
