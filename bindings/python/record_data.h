// SPDX-License-Identifier: Apache-2.0
/// What records say, between Python's objects and the library. All of it needs the GIL.
#pragma once

#include <vector>

#include "bindings/python/bridge.h"
#include "nearline/attributes.h"

namespace nearline::python {

/// data: None, or (names, columns, payloads): a list of str, a list of values for each of them, and a list of bytes,
/// str or None for each row, or None. Raises for what is no value, naming attribute and row.
RecordData record_data(const py::object& data, std::size_t rows);

/// A list of dicts with all names, None where there is no value; of tags a list.
py::list dicts_of(const RecordData& data, std::size_t rows);

/// A list of bytes for each row.
py::list payloads_of(const RecordData& data, std::size_t rows);

/// attributes: a list of (name, type in a word), which was checked.
std::vector<Attribute> attributes_of(const py::list& attributes);
py::dict types_of(const std::vector<Attribute>& attributes);

}  // namespace nearline::python
