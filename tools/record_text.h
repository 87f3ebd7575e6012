// SPDX-License-Identifier: Apache-2.0
/// What records say, as JSON.
#pragma once

#include <span>

#include "nearline/index.h"
#include "tools/json_line.h"

namespace nearline::tools {

/// Puts one value; null where there is none.
void put_value(const char* key, const Value& value, JsonLine& line);

/// Puts "year": 2019, ... of one row; attributes without a value are null.
void put_values(const RecordData& data, std::size_t row, JsonLine& line);

/// Puts "records": an object for each of the ids, and "payloads". Errors: those of Index::data.
Result<void> put_records(const Index& index, std::span<const Id> ids, bool attributes, bool payloads, JsonLine& line);

/// The request for what a command was asked to show.
DataRequest request_of(bool attributes, bool payloads);

}  // namespace nearline::tools
