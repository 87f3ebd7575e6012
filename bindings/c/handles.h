// SPDX-License-Identifier: Apache-2.0
/// What stands behind the opaque handles that more than one source of the C interface knows.
#pragma once

#include "bindings/c/call.h"
#include "nearline/builder.h"
#include "nearline/index.h"
#include "nearline/vector_file.h"

struct nearline_index {
  nearline::Index index;
};

struct nearline_vector_file {
  nearline::VectorFile file;
};

namespace nearline::c {

/// Zero in the caller's options stands for the default, in `BuildOptions` too.
Result<BuildOptions> build_options(const nearline_build_options* from);
/// With the attributes that stand in the build options; `from` may be NULL there.
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
