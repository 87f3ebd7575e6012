// SPDX-License-Identifier: Apache-2.0
/// What a command is told of an index's transforms: --transform, --query-transform.
#pragma once

#include <string>

#include "nearline/schema.h"
#include "tools/args.h"

namespace nearline::tools {

struct TransformsIn {
  std::string records;  ///< as Transform::parse reads it; empty: none
  std::string queries;
};

/// Declares both options.
void declare_transforms(Args& args, TransformsIn& target);

/// Gives the schema its transforms, and the dimension that is left of `in_dim`. Errors: those of Transform::parse and
/// of reading the files that are named.
Result<void> add_transforms(const TransformsIn& from, std::uint32_t in_dim, Schema& schema);

}  // namespace nearline::tools
