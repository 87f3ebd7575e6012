// SPDX-License-Identifier: Apache-2.0
/// Which field a call is of, what is done to its vectors, and which of their dimensions count.
#pragma once

#include <string>
#include <vector>

#include "bindings/python/open_index.h"
#include "nearline/schema.h"

namespace nearline::python {

/// said: {"name", "indexed", "transforms": (text, text of queries, {name: array}), "fields": [(name, dim, type, metric,
/// indexed, transforms)]}, each of which may be absent. Raises what Transform::parse refuses.
void set_spaces(const py::dict& said, Schema& schema);

/// Weights [dim], or None: none.
std::vector<float> mask_of(const py::object& mask);

/// space: (field, prefix, walk_prefix, mask [dim] or None, as_stored) of a search, a page or a radius.
template <class Options>
void set_space(const py::tuple& space, Options& options) {
  options.field = py::cast<std::string>(space[0]);
  options.prefix = py::cast<std::uint32_t>(space[1]);
  if constexpr (requires { options.walk_prefix; }) options.walk_prefix = py::cast<std::uint32_t>(space[2]);
  options.mask = mask_of(space[3]);
  options.as_stored = py::cast<bool>(space[4]);
}

}  // namespace nearline::python
