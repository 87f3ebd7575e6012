// SPDX-License-Identifier: Apache-2.0
/// What records say, from a file of JSON Lines: an object for each row of vectors, in their order.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::tools {

class RecordLines {
 public:
  /// attributes: those of the index, or none to learn them from the first 1000 lines: whole numbers are i64, others
  /// f64, lists of strings tags. payload: the key whose value is no attribute but the payload; "" for none. A key "id"
  /// is the record's id. Errors: those of reading; kBadInput, naming the line, for lines that are no objects, and for
  /// values of which no one type can hold all.
  static Result<RecordLines> open(const std::filesystem::path& path, std::optional<std::vector<Attribute>> attributes,
                                  std::string payload);

  [[nodiscard]] const std::vector<Attribute>& attributes() const noexcept { return attributes_; }
  /// "year i64, lang string": for people.
  [[nodiscard]] std::string attributes_text() const;
  /// Whether the first line has an id. Then every line must.
  [[nodiscard]] bool has_ids() const noexcept { return has_ids_; }

  /// The next lines. Errors: kBadInput, naming the line, for a line that does not fit the attributes, and where there
  /// are fewer.
  Result<RecordData> next(std::size_t rows, std::vector<Id>& ids);
  /// Errors: kBadInput where lines are left.
  Result<void> end();

 private:
  struct Line;

  RecordLines() = default;
  Result<bool> read_line(std::string& text);
  Result<void> learn();
  Result<void> take(const std::string& text, RecordData& data, std::vector<Id>& ids);
  [[nodiscard]] Error bad(const std::string& what) const;

  std::filesystem::path path_;
  std::unique_ptr<std::ifstream> in_;
  std::vector<Attribute> attributes_;
  std::string payload_;
  std::deque<std::string> ahead_;  // lines that were read to learn
  std::uint64_t line_ = 0;         // of the last one that was taken, from 1
  bool has_ids_ = false;
};

}  // namespace nearline::tools
