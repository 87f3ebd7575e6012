// SPDX-License-Identifier: Apache-2.0
#include "io/temporary_name.h"

#include <algorithm>
#include <atomic>
#include <string>

#include "io/process.h"

namespace nearline::io {
namespace {

constexpr std::string_view kPrefix = ".nearline-";
constexpr std::string_view kSuffix = ".tmp";

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<TemporaryFile> create_temporary(const std::filesystem::path& directory, const CreateFn& create) {
  static std::atomic<std::uint64_t> next_number{0};
  // A name can only be taken by what a killed process of the same number left, or by somebody in our way: a guess that
  // comes true does no harm (the name is created exclusively), but trying for ever would.
  constexpr int kMaxTries = 1000;
  for (int left = kMaxTries;; --left) {
    std::string name(kPrefix);
    name += std::to_string(process_id()) + "-" + std::to_string(next_number++);
    name += kSuffix;
    std::filesystem::path path = directory / name;
    auto file = create(path);
    if (file) return TemporaryFile{std::move(file).value(), std::move(path)};
    if (file.error().code != Code::kExists || left == 0) return std::move(file).error();
  }
}

bool is_temporary_name(std::string_view name) noexcept {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  if (name.size() < kPrefix.size() + kSuffix.size()) return false;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  const std::size_t dash = name.find('-');
  return dash != std::string_view::npos && is_number(name.substr(0, dash)) && is_number(name.substr(dash + 1));
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

}  // namespace nearline::io
