// SPDX-License-Identifier: Apache-2.0
/// How options are declared to the parser.
#include "tools/args.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <CLI/CLI.hpp>
#include <cmath>

#include "nearline/types.h"

namespace nearline::tools {
namespace {

template <class T>
std::optional<T> parse_number(std::string_view text) noexcept {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// A default as it is typed: 1.2, not 1.200000.
std::string real_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return error == std::errc{} ? std::string(text, end) : std::string();
}

std::optional<double> parse_real(const std::string& text, double least, double most) noexcept {
  const auto value = parse_number<double>(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

bool is_share(float value) noexcept {
  return value > 0 && value < 1;
}

/// Numbers with commas between them, all of which are good; false leaves the target as it is.
template <class T, class Good>
bool parse_list(std::string_view text, Good&& good, std::vector<T>& target) {
  std::vector<T> values;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto value = parse_number<T>(text.substr(at, end - at));
    if (!value || !good(*value)) return false;
    values.push_back(*value);
    at = end + 1;
  }
  target = std::move(values);
  return true;
}

/// The longest form of an option, or the name of a place: "--output" of "-o,--output".
std::string word_of(std::string_view flags) {
  return std::string(flags.substr(flags.rfind(',') + 1));  // npos + 1 is 0
}

std::string between(const std::string& least, const std::string& most) {
  return "expected a number from " + least + " to " + most;
}

}  // namespace

CLI::Option* Args::option(const char* flags, const char* help, const char* word, const std::string& shown_default,
                          Take take) {
  const auto parse = [flags, take = std::move(take)](const std::string& text) {
    if (const auto expected = take(text)) throw CLI::ValidationError(flags, *expected + ", found '" + text + "'");
  };
  CLI::Option* added = app_.add_option_function<std::string>(flags, parse, help)->type_name(word);
  if (!shown_default.empty()) added->default_str(shown_default);
  return added;
}

void Args::input(const char* name, std::filesystem::path& target, const char* help, bool required) {
  file(name, target, help, required);
}

void Args::file(const char* flags, std::filesystem::path& target, const char* help, bool required) {
  path(flags, target, help, required);
  files_.inputs.push_back({word_of(flags), &target});
}

void Args::output(const char* flags, std::filesystem::path& target, const char* help, bool required) {
  path(flags, target, help, required);
  files_.outputs.push_back({word_of(flags), &target});
}

void Args::replacement(const char* flags, std::filesystem::path& target, const char* help) {
  path(flags, target, help, false);
  files_.changed.push_back({word_of(flags), &target});
}

void Args::changed(const char* name, std::filesystem::path& target, const char* help) {
  path(name, target, help, true);
  files_.changed.push_back({name, &target});
}

void Args::path(const char* flags, std::filesystem::path& target, const char* help, bool required) {
  option(flags, help, "FILE", {}, [&target](const std::string& text) -> std::optional<std::string> {
    if (text.empty()) return "expected the name of a file";
    target = text;
    return std::nullopt;
  })->required(required);
}

std::filesystem::path Args::input_named(const std::string& text) {
  if (text != "-") return text;
  ++from_stdin_;
  return "/dev/stdin";
}

void Args::vectors(const char* name, std::filesystem::path& target, const char* help, bool required) {
  option(name, help, "FILE|-", {}, [this, &target](const std::string& text) -> std::optional<std::string> {
    if (text.empty()) return "expected the name of a file, or - for standard input";
    target = input_named(text);
    return std::nullopt;
  })->required(required);
  files_.inputs.push_back({word_of(name), &target});
}

void Args::form(std::string& target) {
  option("--form", "of vectors whose file's name does not say it, or that come from standard input",
         "fbin|hbin|u8bin|i8bin|bbin|fvecs|bvecs|npy", {},
         [&target](const std::string& text) -> std::optional<std::string> {
           static constexpr std::array kForms = {"fbin", "hbin", "u8bin", "i8bin", "bbin", "fvecs", "bvecs", "npy"};
           if (std::find(kForms.begin(), kForms.end(), text) == kForms.end())
             return "expected fbin, hbin, u8bin, i8bin, bbin, fvecs, bvecs or npy";
           target = "." + text;
           return std::nullopt;
         });
}

void Args::ids(const char* flags, IdSource& target, const char* help, bool required) {
  option(flags, help, "FILE|-|N,N,...", {}, [this, &target](const std::string& text) {
    return target.set(text == "-" ? input_named(text).string() : text);
  })->required(required);
  files_.inputs.push_back({word_of(flags), &target.file()});
}

void Args::filter(std::string& target) {
  text("--filter", target, "EXPR", "only records that match, \"lang = 'en' and year >= 2019 and tags has 'a/b/*'\"");
}

void Args::flag(const char* flags, bool& target, const char* help) {
  app_.add_flag(flags, target, help);
}

void Args::text(const char* flags, std::string& target, const char* word, const char* help) {
  option(flags, help, word, {}, [=, &target](const std::string& given) -> std::optional<std::string> {
    if (given.empty()) return std::string("expected ") + word;
    target = given;
    return std::nullopt;
  });
}

void Args::number(const char* flags, std::uint32_t& target, const char* help, std::uint32_t least, std::uint32_t most) {
  option(flags, help, "N", std::to_string(target), [=, &target](const std::string& text) -> std::optional<std::string> {
    const auto value = parse_number<std::uint32_t>(text);
    if (!value || *value < least || *value > most) return between(std::to_string(least), std::to_string(most));
    target = *value;
    return std::nullopt;
  });
}

void Args::number_or_auto(const char* flags, std::uint32_t& target, const char* help, std::uint32_t most) {
  option(flags, help, "N", target == Count::kAuto ? "auto" : std::to_string(target),
         [=, &target](const std::string& text) -> std::optional<std::string> {
           const auto value = text == "auto" ? Count::kAuto : parse_number<std::uint32_t>(text);
           if (!value || *value == 0 || (*value > most && *value != Count::kAuto))
             return "expected auto, or a number from 1 to " + std::to_string(most);
           target = *value;
           return std::nullopt;
         });
}

void Args::number(const char* flags, std::uint64_t& target, const char* help, bool required) {
  option(flags, help, "N", required ? std::string() : std::to_string(target),
         [&target](const std::string& text) -> std::optional<std::string> {
           const auto value = parse_number<std::uint64_t>(text);
           if (!value) return "expected a whole number below 2^64";
           target = *value;
           return std::nullopt;
         })
      ->required(required);
}

void Args::real(const char* flags, std::optional<double>& target, const char* help, double least, double most) {
  option(flags, help, "X", {}, [=, &target](const std::string& text) -> std::optional<std::string> {
    const auto value = parse_real(text, least, most);
    if (!value) return between(real_text(least), real_text(most));
    target = *value;
    return std::nullopt;
  });
}

void Args::real(const char* flags, float& target, const char* help, float least, float most) {
  option(flags, help, "X", real_text(target), [=, &target](const std::string& text) -> std::optional<std::string> {
    const auto value = parse_number<float>(text);
    if (!value || !(*value >= least && *value <= most)) return between(real_text(least), real_text(most));
    target = *value;
    return std::nullopt;
  });
}

void Args::size(const char* flags, std::uint64_t& target, const char* help) {
  option(flags, help, "SIZE", size_text(target), [&target](const std::string& text) -> std::optional<std::string> {
    const auto value = parse_size(text);
    if (!value) return "expected a size such as 512M, 64MiB or 4096";
    target = *value;
    return std::nullopt;
  });
}

void Args::list(const char* flags, std::vector<std::uint32_t>& target, const char* help) {
  std::string shown;
  for (const std::uint32_t value : target) shown += (shown.empty() ? "" : ",") + std::to_string(value);
  option(flags, help, "N,N,...", shown, [&target](const std::string& text) -> std::optional<std::string> {
    if (parse_list(
            text, [](std::uint32_t value) { return value > 0; }, target))
      return std::nullopt;
    return "expected numbers above 0 with commas between them";
  });
}

void Args::share(const char* flags, float& target, const char* help) {
  option(flags, help, "X", {}, [&target](const std::string& text) -> std::optional<std::string> {
    const auto value = parse_number<float>(text);
    if (!value || !is_share(*value)) return "expected a number above 0 and below 1";
    target = *value;
    return std::nullopt;
  });
}

void Args::shares(const char* flags, std::vector<float>& target, const char* help) {
  option(flags, help, "X,X,...", {}, [&target](const std::string& text) -> std::optional<std::string> {
    if (parse_list(text, is_share, target)) return std::nullopt;
    return "expected numbers above 0 and below 1 with commas between them";
  });
}

void Args::metric(std::optional<Metric>& target, const char* help) {
  option("--metric", help, "l2|ip|cosine|hamming|jaccard", target ? std::string(name(*target)) : std::string(),
         [&target](const std::string& text) -> std::optional<std::string> {
           target = metric_from(text);
           if (target) return std::nullopt;
           return "expected l2, ip, cosine, hamming or jaccard";
         });
}

void Args::type(std::optional<ElementType>& target, const char* help, bool required) {
  option("--type", help, "f32|f16|bf16|i8|u8|b1", {}, [&target](const std::string& text) -> std::optional<std::string> {
    target = element_type_from(text);
    if (target) return std::nullopt;
    return "expected f32, f16, bf16, i8, u8 or b1";
  })->required(required);
}

void Args::io(IoMode& target) {
  option("--io", "how pages reach memory", "auto|mapped|direct|pread", std::string(name(target)),
         [&target](const std::string& text) -> std::optional<std::string> {
           const auto mode = io_mode_from(text);
           if (!mode) return "expected auto, mapped, direct or pread";
           target = *mode;
           return std::nullopt;
         });
}

void Args::ranking(Ranking& target) {
  option("--rank", "rank candidates by distance or by code before their pages are read", "auto|exact|codes",
         std::string(name(target)), [&target](const std::string& text) -> std::optional<std::string> {
           const auto ranking = ranking_from(text);
           if (!ranking) return "expected auto, exact or codes";
           target = *ranking;
           return std::nullopt;
         });
}

void Args::code_bytes(std::uint32_t& target) {
  option("--code-bytes", "compressed code of a record: 0 for none, or 5 to 1028", "N", "auto",
         [&target](const std::string& text) -> std::optional<std::string> {
           if (text == "auto") {
             target = Count::kAuto;
             return std::nullopt;
           }
           const auto value = parse_number<std::uint32_t>(text);
           if (!value || *value > 1028 || (*value > 0 && *value < 5))
             return "expected auto, 0, or a number from 5 to 1028";
           target = *value;
           return std::nullopt;
         });
}

void Args::layout(Layout& target) {
  option(
      "--layout",
      "lean pages, or fused ones that searches need least memory for; auto means lean where --search-memory has room "
      "for the codes of all records, else fused",
      "auto|lean|fused", "auto", [&target](const std::string& text) -> std::optional<std::string> {
        const auto layout = layout_from(text);
        if (!layout) return "expected auto, lean or fused";
        target = *layout;
        return std::nullopt;
      });
}

void Args::page_records(std::uint32_t& target) {
  number_or_auto("--page-records", target, "records on a fused page: more take less disk and more reads", 1024);
}

void Args::search_memory(std::uint64_t& target) {
  size("--search-memory", target, "memory that searches will have; --layout auto goes by it");
}

void Args::memory(std::uint64_t& target) {
  size("--memory", target, "bound on private memory");
}

void Args::threads(std::uint32_t& target, const char* help) {
  number_or_auto("--threads", target, help, 1024);
}

void Args::json(bool& target) {
  flag("--json", target, "print JSON, one object a line");
}

void Args::force(bool& target) {
  flag("--force", target, "replace the output if it exists");
}

void Args::untrusted(bool& target) {
  flag("--untrusted", target, "the index may be hostile: check all of it before anything else, and never map it");
}

void Args::wait(std::chrono::milliseconds& target) {
  constexpr std::uint64_t kMost = 1'000'000;
  option("--wait", "how long to wait for another writer to end", "SECONDS", "0",
         [&target](const std::string& text) -> std::optional<std::string> {
           const auto value = parse_real(text, 0, static_cast<double>(kMost));
           if (!value) return between("0", std::to_string(kMost));
           target = std::chrono::milliseconds(static_cast<std::int64_t>(*value * 1000));
           return std::nullopt;
         });
}

void Args::progress(bool& target) {
  flag("--progress", target, "show progress even where stderr is no terminal");
}

void Args::either(const char* one, const char* other) {
  either_.emplace_back(one, other);
}

std::optional<std::string> Args::contradiction() const {
  for (const auto& pair : either_)
    if (app_.count(pair.first) > 0 && app_.count(pair.second) > 0)
      return std::string("expected ") + pair.first + " or " + pair.second + ", found both";
  if (from_stdin_ > 1) return "-: expected one input from standard input, found " + std::to_string(from_stdin_);
  return std::nullopt;
}

void Args::example(const char* line) {
  app_.footer(std::string("Example:\n  ") + line);
}

}  // namespace nearline::tools
