// SPDX-License-Identifier: Apache-2.0
/// Vectors as people and scripts read them.
#pragma once

#include <cstddef>
#include <string>

#include "nearline/types.h"
#include "tools/json_line.h"

namespace nearline::tools {

/// Components with spaces between them, floats in nine significant digits; bits as hexadecimal bytes.
std::string vector_text(ElementType type, const std::byte* vector, std::uint32_t dim);

/// A list of numbers under the key; bits as a string of hexadecimal bytes.
void put_vector(const char* key, ElementType type, const std::byte* vector, std::uint32_t dim, JsonLine& line);

}  // namespace nearline::tools
