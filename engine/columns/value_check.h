// SPDX-License-Identifier: Apache-2.0
/// Whether what a record says fits the attributes of its index.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Errors: kInvalidArgument for a name that is empty, too long, no UTF-8, "id" or given twice, and for too many.
Result<void> check_attributes(const std::vector<Attribute>& attributes);

/// As StagedValues::check.
Result<void> check_values(const RecordData& data, std::size_t rows, std::uint64_t first,
                          const std::vector<Attribute>& attributes);

/// kInvalidArgument: there is no attribute of that name; the message says which one may have been meant.
Error unknown_attribute(std::string_view name, const std::vector<Attribute>& attributes);

/// What is wrong with a place, or null.
const char* fault_of(const Place& place) noexcept;

/// Appends the value as bytes that differ wherever the values do. Precondition: it is of the type.
void describe(AttributeType type, const Value& value, std::string& bytes);

}  // namespace nearline::engine
