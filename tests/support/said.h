// SPDX-License-Identifier: Apache-2.0
/// Records that say something, and filters with what they mean: drawn at random, and answered record by record from the
/// values themselves, by Kleene's logic of true, false and unknown.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/types.h"

namespace nearline::testing {

/// One attribute of each type, in this order: year i64, price f64, sold bool, lang string, tags tags.
std::vector<Attribute> attributes_of_all_types();

/// A value for each, or none.
std::vector<Value> random_values(std::mt19937_64& random);

/// Those of many records as one table, with the names in an order of its own.
RecordData table_of(const std::vector<std::vector<Value>>& rows, std::vector<std::string> payloads = {});

struct RandomFilter {
  std::string text;
  /// Whether it holds for a record; none: unknown.
  std::function<std::optional<bool>(Id, const std::vector<Value>&)> holds;
};

/// depth: of parts within parts.
RandomFilter random_filter(std::mt19937_64& random, int depth);

/// Whether two values are the same, tags in any order.
bool same_value(Value a, Value b);

}  // namespace nearline::testing
