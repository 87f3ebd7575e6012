// SPDX-License-Identifier: Apache-2.0
/// Text and numbers as they stand in a page. The page is XML as well, so that a strict parser can check it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nearline::tools {

/// Text as the content of an element or a quoted attribute: what has a meaning in markup is escaped, and bytes that no
/// page may hold (control characters, what is not UTF-8) become U+FFFD.
std::string escaped(std::string_view text);

/// "1,234,567".
std::string grouped(std::uint64_t value);

/// In as many digits as a person reads: "0.012", "3.46", "74.0", "1,235".
std::string short_number(double value);

/// "98.3 %".
std::string percent(double part, double whole);

/// A table with a head of column names; the first column names the row, the others are set as numbers. Cells are
/// escaped.
std::string table(std::span<const std::string> head, std::span<const std::vector<std::string>> rows);

/// A picture under its name. The name is escaped, the picture is markup.
std::string figure(std::string_view name, const std::string& picture);

/// A picture's numbers, folded away under it.
std::string folded(std::string_view summary, const std::string& content);

/// A part of the page under a heading. content: markup.
std::string section(std::string_view heading, std::string_view explanation, const std::string& content);

/// Two parts beside each other where the window has room.
std::string side_by_side(const std::string& left, const std::string& right);

}  // namespace nearline::tools
