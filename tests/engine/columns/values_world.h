// SPDX-License-Identifier: Apache-2.0
/// What an index of tests/support/tiny_columns.h says of its records, and what its filters must find by that.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/api/live_index.h"
#include "tests/support/one_file.h"
#include "tests/support/tiny_columns.h"

namespace nearline::testing {

enum ValueColumn : std::size_t { kYear, kPrice, kOpen, kLanguage, kLabels, kHome, kValueColumns };

struct Asked {
  std::string filter;
  ValueColumn column;
  std::function<bool(const Value&)> matches;
};

/// One filter at least for each way in which a column is searched.
inline std::vector<Asked> asked_filters() {
  const auto has = [](const Value& value, const std::function<bool(const std::string&)>& test) {
    const auto* tags = std::get_if<Tags>(&value);
    return tags != nullptr && std::ranges::any_of(*tags, test);
  };
  const std::string labels = "Schl\xC3\xBCssel";
  return {
      {"year > 0", kYear, [](const Value& v) { return v.index() != 0 && std::get<std::int64_t>(v) > 0; }},
      {"year is null", kYear, [](const Value& v) { return v.index() == 0; }},
      {"price between -1 and 5", kPrice,
       [](const Value& v) { return v.index() != 0 && std::get<double>(v) >= -1 && std::get<double>(v) <= 5; }},
      {"price = 0", kPrice, [](const Value& v) { return v.index() != 0 && std::get<double>(v) == 0; }},
      {"open", kOpen, [](const Value& v) { return v.index() != 0 && std::get<bool>(v); }},
      {"not open", kOpen, [](const Value& v) { return v.index() != 0 && !std::get<bool>(v); }},
      {"language = 'de'", kLanguage, [](const Value& v) { return v == Value(std::string("de")); }},
      {"language = ''", kLanguage, [](const Value& v) { return v == Value(std::string()); }},  // by its posting
      {"language >= 'e'", kLanguage, [](const Value& v) { return v.index() != 0 && std::get<std::string>(v) >= "e"; }},
      {"language != 'de'", kLanguage,
       [](const Value& v) { return v.index() != 0 && std::get<std::string>(v) != "de"; }},
      {labels + " has 'rare'", kLabels,
       [has](const Value& v) { return has(v, [](const std::string& tag) { return tag == "rare"; }); }},
      {labels + " has 'a*'", kLabels,
       [has](const Value& v) { return has(v, [](const std::string& tag) { return tag.starts_with("a"); }); }},
      {"not " + labels + " has 'a'", kLabels,
       [has](const Value& v) { return v.index() != 0 && !has(v, [](const std::string& tag) { return tag == "a"; }); }},
      {"distance(home, 45, 0) < 5000km", kHome,
       [](const Value& v) {
         return v.index() != 0 && great_circle_metres(std::get<Place>(v), {.lat = 45, .lon = 0}) < 5e6;
       }},
  };
}

/// All that an index says of the records with the ids 10, 20, ...
struct Said {
  RecordData data;
  std::vector<std::uint64_t> counts;  ///< of asked_filters()

  /// Whether the filters find what the values say.
  [[nodiscard]] bool agrees() const {
    const auto filters = asked_filters();
    for (std::size_t f = 0; f < filters.size(); ++f) {
      std::uint64_t count = 0;
      for (std::size_t at = filters[f].column; at < data.values.size(); at += kValueColumns) {
        count += filters[f].matches(data.values[at]) ? 1 : 0;
      }
      if (count != counts[f]) return false;
    }
    return true;
  }
  friend bool operator==(const Said& a, const Said& b) {
    return a.data.values == b.data.values && a.data.payloads == b.data.payloads && a.counts == b.counts;
  }
};

inline Result<Said> all_said(io::FileSystem& fs, std::uint64_t records, bool untrusted = false) {
  NEARLINE_TRY(index,
               engine::LiveIndex::open(fs, "index", {.io = IoMode::kPread, .threads = 1, .untrusted = untrusted}));
  std::vector<Id> ids;
  for (std::uint64_t i = 1; i <= records; ++i) ids.push_back(10 * i);
  Said said;
  static const auto filters = asked_filters();
  for (const Asked& asked : filters) {
    NEARLINE_TRY(count, index.count(asked.filter));
    said.counts.push_back(count);
  }
  NEARLINE_TRY(data, index.data(ids, {}));
  said.data = std::move(data);
  return said;
}

/// The sections of columns and payloads in an index.
inline std::vector<format::Section> value_sections(const std::vector<std::byte>& file) {
  std::vector<format::Section> sections;
  const format::Manifest manifest = open_bytes(file).value();
  for (const format::Section& section : manifest.sections) {
    const bool values =
        section.kind == format::SectionKind::kAttribute || section.kind == format::SectionKind::kPayload;
    if (values) sections.push_back(section);
  }
  return sections;
}

}  // namespace nearline::testing
