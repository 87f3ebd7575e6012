// SPDX-License-Identifier: Apache-2.0
/// What stands behind the opaque handles that more than one source of the C interface knows.
#pragma once

#include <optional>

#include "bindings/c/call.h"
#include "nearline/builder.h"
#include "nearline/index.h"
#include "nearline/nearline_spaces.h"
#include "nearline/vector_file.h"
#include "nearline/writer.h"

struct nearline_index {
  nearline::Index index;
};

struct nearline_vector_file {
  nearline::VectorFile file;
};

struct nearline_writer {
  nearline::Writer writer;
};

/// Empty once it is finished.
struct nearline_builder {
  std::optional<nearline::Builder> builder;
};

namespace nearline::c {

/// Zero in the caller's options stands for the default, in `BuildOptions` too.
Result<BuildOptions> build_options(const nearline_build_options* from);
/// Error where it is NULL, or finished.
Result<void> check_unfinished(const nearline_builder* builder);
/// Adds the further fields and transforms of build options; `from` may be NULL.
Result<void> add_spaces(const nearline_spaces* from, Schema& schema);
/// With the attributes, fields and transforms that stand in the build options; `options` may be NULL.
Result<Schema> schema_of(const nearline_schema* from, const nearline_build_options* options);
void give_build(nearline_build_report* to, const BuildReport& report);

/// What `rows` records say; `from` may be NULL.
Result<RecordData> record_data(const nearline_record_data* from, std::size_t rows);

/// Copies as many of `all` as there is room for, and tells how many there are.
template <class T>
Result<void> give_some(std::span<const T> all, T* room, std::size_t capacity, std::size_t* count, const char* name) {
  if (capacity > 0) NEARLINE_CHECK(need(room, name));
  std::copy_n(all.begin(), std::min(all.size(), capacity), room);
  *count = all.size();
  return {};
}

/// Closes what `handle` points to, and makes it NULL. Either may be NULL already.
template <class Handle>
void close(Handle** handle) noexcept {
  if (handle == nullptr) return;
  delete *handle;
  *handle = nullptr;
}

}  // namespace nearline::c
