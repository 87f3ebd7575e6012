// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nearline::tools {
namespace {

constexpr const char* kUnknown = "&#xFFFD;";

/// Bytes of the UTF-8 character that text begins with, or 0 when it begins with none.
std::size_t character_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (bytes == 0 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Too long a form, a surrogate, or beyond the last character; U+FFFE and U+FFFF are none to XML.
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xEF && byte(1) == 0xBF && byte(2) > 0xBD) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return bytes;
}

std::string row(std::span<const std::string> cells, bool head) {
  std::string text = "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool names = head || i == 0;
    const char* scope = head ? " scope=\"col\"" : i == 0 ? " scope=\"row\"" : "";
    text += fmt::format("<{0}{1}>{2}</{0}>", names ? "th" : "td", scope, escaped(cells[i]));
  }
  return text + "</tr>\n";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t bytes = character_bytes(text);
    const char c = text[0];
    if (bytes == 0 || (bytes == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F))) {
      out += kUnknown;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(1, bytes));
  }
  return out;
}

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size >= 999.5 && size < 1e15)
    return (value < 0 ? "-" : "") + grouped(static_cast<std::uint64_t>(std::llround(size)));
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  if (size >= 0.095 || size == 0) return fmt::format("{:.{}f}", value, size == 0 ? 0 : 2);
  return fmt::format("{:.2g}", value);
}

std::string percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f} %", 100 * part / whole) : "-";
}

std::string table(std::span<const std::string> head, std::span<const std::vector<std::string>> rows) {
  std::string text = "<div class=\"scroll\"><table>\n";
  if (!head.empty()) text += "<thead>" + row(head, true) + "</thead>\n";
  text += "<tbody>\n";
  for (const std::vector<std::string>& cells : rows) text += row(cells, false);
  return text + "</tbody></table></div>\n";
}

std::string figure(std::string_view name, const std::string& picture) {
  return fmt::format("<figure><figcaption>{}</figcaption>\n{}</figure>\n", escaped(name), picture);
}

std::string folded(std::string_view summary, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", escaped(summary), content);
}

std::string section(std::string_view heading, std::string_view explanation, const std::string& content) {
  return fmt::format("<section>\n<h2>{}</h2>\n<p>{}</p>\n{}</section>\n", escaped(heading), escaped(explanation),
                     content);
}

std::string side_by_side(const std::string& left, const std::string& right) {
  return "<div class=\"pair\">\n" + left + right + "</div>\n";
}

}  // namespace nearline::tools
