// SPDX-License-Identifier: Apache-2.0
/// NumPy's array header, format 1.0 to 3.0, as a pure function of bytes: which numbers, in which order, in what shape.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "nearline/result.h"

namespace nearline::format {

struct NpyArray {
  std::string_view descr;                                  ///< "<f4": the numbers; borrowed from the head
  bool columns = false;                                    ///< Fortran order: the first index runs fastest
  std::array<std::uint64_t, 2> sizes{};                    /// the second is 1 where there is one dimension
  std::size_t dimensions = 0;                              ///< 1 or 2
  std::uint64_t data_at = 0;                               ///< offset of the first number
  std::uint64_t descr_at = 0, order_at = 0, shape_at = 0;  ///< offsets in the header, for errors
};

/// Errors: kBadInput for what is not such a header, or has another number of dimensions.
Result<NpyArray> decode_npy_array(std::span<const std::byte> head);

/// Always of the same length: a file's first count of rows can be replaced. columns: of a table; 0 for one dimension.
std::vector<std::byte> encode_npy_array(std::string_view descr, std::uint64_t rows, std::uint64_t columns);

/// "NumPy header: WHAT" at an offset.
Error bad_npy(std::string_view what, std::uint64_t at);

/// "NumPy header: element type: expected EXPECTED, found ..."
Error bad_npy_type(const NpyArray& array, std::string_view expected);

}  // namespace nearline::format
