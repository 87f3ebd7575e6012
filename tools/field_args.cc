// SPDX-License-Identifier: Apache-2.0
/// Options that name fields of an index, and files and numbers for them.
#include <charconv>
#include <CLI/CLI.hpp>
#include <cmath>

#include "tools/args.h"

namespace nearline::tools {
namespace {

std::optional<float> parse_number(std::string_view text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
  return good ? std::optional(value) : std::nullopt;
}

std::optional<float> parse_weight(std::string_view text) {
  const auto value = parse_number(text);
  return value && *value >= 0 ? value : std::nullopt;
}

/// NAME=NUMBER,...: false where it is not so.
bool take_numbers(const std::string& text, std::optional<float> (*parse)(std::string_view),
                  std::vector<FieldWeight>& target) {
  target.clear();
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string_view one = std::string_view(text).substr(at, end - at);
    const std::size_t sign = one.rfind('=');
    const auto number = sign == std::string_view::npos ? std::nullopt : parse(one.substr(sign + 1));
    if (!number || sign == 0) return false;
    target.push_back({std::string(one.substr(0, sign)), *number});
    at = end + 1;
  }
  return true;
}

}  // namespace

void Args::field(std::string& target) {
  text("--field", target, "NAME", "the field that is meant; the first unless said");
}

void Args::field_or_queries(std::string& name, std::list<FieldFile>& queries) {
  const auto parse = [this, &name, &queries](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const std::size_t at = text.find('=');
      if (at == std::string::npos && !text.empty() && name.empty() && texts.size() == 1) {
        name = text;
      } else if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
        throw CLI::ValidationError("--field", "expected one NAME, or NAME=QUERIES for each, found '" + text + "'");
      } else {
        const FieldFile& added = queries.emplace_back(FieldFile{text.substr(0, at), text.substr(at + 1)});
        files_.inputs.push_back({"--field " + added.field, &added.file});
      }
    }
  };
  app_.add_option_function<std::vector<std::string>>(
          "--field", parse,
          "the field that QUERIES are of; or NAME=QUERIES for each field of a search by the sum of several distances")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

void Args::weights(std::vector<FieldWeight>& target) {
  option("--weight", "of the fields of such a search, each 1 unless said", "NAME=W,...", {},
         [&target](const std::string& text) -> std::optional<std::string> {
           if (take_numbers(text, parse_weight, target)) return std::nullopt;
           return "expected NAME=W, W a number from 0 on, several with commas between them";
         });
}

void Args::limits(std::vector<FieldWeight>& target) {
  option("--limit", "of such a search: what is farther than this in the field is no answer", "NAME=D,...", {},
         [&target](const std::string& text) -> std::optional<std::string> {
           if (take_numbers(text, parse_number, target)) return std::nullopt;
           return "expected NAME=D, D a distance, several with commas between them";
         });
}

void Args::by_name(const char* flags, std::list<FieldFile>& target, const char* help) {
  const auto parse = [this, flags, &target](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const std::size_t at = text.find('=');
      if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
        throw CLI::ValidationError(flags, "expected NAME=FILE, found '" + text + "'");
      }
      const FieldFile& added = target.emplace_back(FieldFile{text.substr(0, at), text.substr(at + 1)});
      files_.inputs.push_back({std::string(flags) + " " + added.field, &added.file});
    }
  };
  app_.add_option_function<std::vector<std::string>>(flags, parse, help)
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
}

}  // namespace nearline::tools
