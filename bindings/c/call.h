// SPDX-License-Identifier: Apache-2.0
/// What every function of the C interface does: no exception leaves it, an error fills the caller's struct, and structs
/// with a size are read and filled as far as the caller has them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "nearline/nearline.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::c {

/// Fills what there is of `to`, which may be null. Allocates nothing where `error` needs no composing.
nearline_status tell(nearline_error* to, const Error& error);
nearline_status tell(nearline_error* to, Code code, const char* what) noexcept;

/// Runs `body`, which returns a Result<void>.
template <class Body>
nearline_status call(nearline_error* error, Body&& body) noexcept {
  try {
    const Result<void> done = body();
    return done ? NEARLINE_OK : tell(error, done.error());
  } catch (const std::bad_alloc&) {
    return tell(error, Code::kNoMemory, "the system refused an allocation");
  } catch (const std::exception& thrown) {  // std::length_error, say, of a size that no memory has
    return tell(error, Code::kNoMemory, thrown.what());
  }
}

/// kInvalidArgument. what: "index: expected a handle, found NULL".
Error invalid(std::string what);

/// Error for an argument that may not be NULL.
Result<void> need(const void* argument, const char* name);

template <class... Arguments>
Result<void> need(const void* argument, const char* name, const Arguments&... more) {
  NEARLINE_CHECK(need(argument, name));
  return need(more...);
}

/// A size field that can be one: it counts itself, and is not absurd.
Result<void> check_size(std::size_t size, std::size_t known, const char* name);

/// Error where a byte from `first` to `last` is set: a field that this library does not know.
Result<void> check_zeros(const void* bytes, std::size_t first, std::size_t last, const char* name);

/// A field without a meaning yet: zero, so that it can get one.
Result<void> check_reserved(std::uint32_t reserved, const char* name);

/// The caller's options as this library knows them: all zero where it gave none, the rest zero where it knows fewer.
template <class Options>
Result<Options> take(const Options* from, const char* name) {
  Options options{};
  if (from == nullptr) return options;
  NEARLINE_CHECK(check_size(from->size, sizeof options, name));
  NEARLINE_CHECK(check_zeros(from, sizeof options, from->size, name));
  std::memcpy(&options, from, std::min(from->size, sizeof options));
  return options;
}

/// Before the work, that `give` will do. A report may be NULL where that is said.
template <class Report>
Result<void> check_report(const Report* report, const char* name, bool optional = false) {
  if (report == nullptr && optional) return {};
  NEARLINE_CHECK(need(report, name));
  return check_size(report->size, sizeof(Report), name);
}

/// Fills as much of the caller's struct as it has; what it has beyond stays as it was.
template <class Report>
void give(Report* to, Report report) {
  if (to == nullptr) return;
  report.size = to->size;
  std::memcpy(to, &report, std::min(to->size, sizeof report));
}

/// Zero stands for the default.
template <class T>
T or_default(T value, T otherwise) noexcept {
  return value != T{} ? value : otherwise;
}
inline std::uint32_t or_auto(std::uint32_t value) noexcept {
  return or_default(value, Count::kAuto);
}

/// An enumeration's value; 0, where it is allowed, and 1 to `most` are.
template <class Enum>
Result<Enum> enumerator(std::uint32_t value, Enum most, bool zero_allowed, const char* name) {
  if (value <= static_cast<std::uint32_t>(most) && (value > 0 || zero_allowed)) return static_cast<Enum>(value);
  return invalid(std::string(name) + " of " + std::to_string(value) + ": expected " + (zero_allowed ? "0" : "1") +
                 " to " + std::to_string(static_cast<std::uint32_t>(most)));
}

/// Text that may be NULL, which is none.
inline std::string text_or_none(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// Errors: kInvalidArgument for rows without data, an unknown type, or more bytes than there are.
Result<MatrixView> matrix(const nearline_matrix* from, const char* name);

/// An array of ids; NULL where there are none.
Result<std::span<const Id>> id_array(const std::uint64_t* ids, std::size_t count);

/// May be empty.
ProgressFn progress_fn(nearline_progress_fn progress, void* context);

}  // namespace nearline::c
