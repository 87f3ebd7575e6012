// SPDX-License-Identifier: Apache-2.0
#include "bindings/c/call.h"

#include <cstdint>
#include <limits>

namespace nearline::c {
namespace {

constexpr std::size_t kLargestStruct = 65'536;  // a size beyond is no size, but what stood on the stack

/// As much of `text` as fits, never half of a character in UTF-8.
template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) noexcept {
  std::size_t length = std::min(text.size(), N - 1);
  if (length < text.size())
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  std::copy_n(text.begin(), length, to);
  to[length] = 0;
}

nearline_status fill(nearline_error* to, const Error& error, std::string_view message) noexcept {
  const auto status = static_cast<nearline_status>(error.code);
  if (to == nullptr || to->size <= sizeof to->size) return status;
  nearline_error all{};
  all.size = to->size;
  all.status = status;
  all.system = error.system;
  all.offset = error.at;
  copy_text(all.message, message);
  copy_text(all.file, error.file);
  std::memcpy(to, &all, std::min(to->size, sizeof all));
  return status;
}

}  // namespace

nearline_status tell(nearline_error* to, const Error& error) {
  return fill(to, error, error.message());
}

nearline_status tell(nearline_error* to, Code code, const char* what) noexcept {
  return fill(to, Error{.code = code}, what);
}

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> need(const void* argument, const char* name) {
  if (argument != nullptr) return {};
  return invalid(std::string(name) + ": expected an address, found NULL");
}

Result<void> check_size(std::size_t size, std::size_t known, const char* name) {
  if (size > sizeof size && size <= kLargestStruct) return {};
  return invalid(std::string(name) + ": expected its size in `size`, " + std::to_string(known) +
                 " in this version, found " + std::to_string(size));
}

Result<void> check_zeros(const void* bytes, std::size_t first, std::size_t last, const char* name) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = first; i < last; ++i) {
    if (at[i] == 0) continue;
    return Error{.code = Code::kUnsupported,
                 .what = std::string(name) + ": byte " + std::to_string(i) +
                         " is set, which no field of this version of nearline has: expected zero"};
  }
  return {};
}

Result<void> check_reserved(std::uint32_t reserved, const char* name) {
  return check_zeros(&reserved, 0, sizeof reserved, name);
}

Result<MatrixView> matrix(const nearline_matrix* from, const char* name) {
  NEARLINE_CHECK(need(from, name));
  NEARLINE_TRY(type, enumerator(from->type, ElementType::kB1, false, "type"));
  if (from->data == nullptr && from->rows > 0)
    return invalid(std::string(name) + ": expected the address of " + std::to_string(from->rows) +
                   " rows in `data`, found NULL");
  const std::size_t row = vector_bytes(type, from->dim);
  if (row > 0 && from->rows > std::numeric_limits<std::size_t>::max() / row)
    return invalid(std::string(name) + ": " + std::to_string(from->rows) + " rows take more bytes than there are");
  return MatrixView(static_cast<const std::byte*>(from->data), from->rows, from->dim, type);
}

Result<std::span<const Id>> id_array(const std::uint64_t* ids, std::size_t count) {
  if (ids == nullptr && count > 0)
    return invalid("ids: expected the address of " + std::to_string(count) + ", found NULL");
  if (count > std::numeric_limits<std::size_t>::max() / sizeof(Id))
    return invalid("ids: " + std::to_string(count) + " take more bytes than there are");
  return std::span<const Id>(ids, count);
}

ProgressFn progress_fn(nearline_progress_fn progress, void* context) {
  if (progress == nullptr) return {};
  return [progress, context](const Progress& now) {
    return progress(context, std::string(now.phase).c_str(), now.done, now.total) == 0;
  };
}

}  // namespace nearline::c

const char* nearline_status_name(nearline_status status) {
  if (status == NEARLINE_OK) return "ok";
  if (status < 0 || status > std::numeric_limits<std::uint16_t>::max()) return "unknown";
  return nearline::name(static_cast<nearline::Code>(status)).data();
}
