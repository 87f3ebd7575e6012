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
Result<Schema> schema_of(const nearline_schema* from);
void give_build(nearline_build_report* to, const BuildReport& report);

/// Closes what `handle` points to, and makes it NULL. Either may be NULL already.
template <class Handle>
void close(Handle** handle) noexcept {
  if (handle == nullptr) return;
  delete *handle;
  *handle = nullptr;
}

}  // namespace nearline::c
