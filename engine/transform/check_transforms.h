// SPDX-License-Identifier: Apache-2.0
/// What a user says of transforms, checked at the door.
#pragma once

#include "nearline/result.h"
#include "nearline/schema.h"

namespace nearline::engine {

/// The schema, with what its transforms leave open (Transform::in_dim of queries). Errors: kInvalidArgument for one
/// whose transforms do not fit each other, its dimension or its type, or whose matrix is not as orthogonal as it says.
Result<Schema> with_checked_transforms(Schema schema);

/// The same of all fields.
Result<Schema> with_checked_fields(Schema schema);

[[nodiscard]] inline bool has_transforms(const Schema& schema) noexcept {
  return !schema.transform.empty() || !schema.query_transform.empty();
}

}  // namespace nearline::engine
