// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, transform: what a field does to vectors that come in and to queries, as lists of steps with their
/// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/endian.h"
#include "nearline/result.h"
#include "nearline/schema.h"

namespace nearline::format {

inline constexpr std::uint16_t kTransformKind = 1;
inline constexpr std::uint32_t kMaxTransformSteps = 16;  ///< of records, and as many of queries
/// Of the numbers of all steps, those that kSparseRandom draws included, so that a hostile file cannot make a reader
/// allocate without limit.
inline constexpr std::uint64_t kMaxTransformBytes = 256u << 20;
inline constexpr std::uint16_t kOrthogonalFlag = 1;

/// Of the records' steps, and as much of the queries'.
inline constexpr std::uint64_t kMaxTransformSection = 2 * kMaxTransformBytes + 32 + 2 * kMaxTransformSteps * 24;

struct TransformHeader {
  le16 kind;                                //  0
  le16 steps;                               //  2
  le16 query_steps;                         //  4
  std::array<std::uint8_t, 2> reserved_0;   //  6
  le32 in_dim;                              //  8
  le32 query_dim;                           // 12
  std::array<std::uint8_t, 16> reserved_1;  // 16
};
static_assert(sizeof(TransformHeader) == 32 && offsetof(TransformHeader, query_dim) == 12);

struct TransformStepRow {
  le16 kind;                             //  0
  le16 flags;                            //  2
  le32 out_dim;                          //  4
  le64 seed;                             //  8
  std::array<std::uint8_t, 8> reserved;  // 16
};
static_assert(sizeof(TransformStepRow) == 24 && offsetof(TransformStepRow, seed) == 8);

/// What a field does to what comes in.
struct Transforms {
  Transform records;  ///< without steps: they are stored as they come
  Transform queries;  ///< without steps: as records
};

/// What a list of steps must fit.
struct TransformRules {
  bool of_queries = false;
  std::uint32_t records_in = 0;  ///< components of what comes in as a record
  std::uint32_t dim = 0;         ///< of what is stored
  bool learned = false;          ///< nothing is left to learn
};

/// Numbers that a step of a kind has, of so many components before it and behind it.
std::uint64_t numbers_of(StepKind kind, std::uint32_t before, std::uint32_t behind) noexcept;

/// The word of the text form; "unknown" for a number without one.
std::string_view step_name(StepKind kind) noexcept;

/// What is wrong with the steps of a transform that is not empty, as a sentence with what was expected; none: nothing.
/// Not looked at: whether a matrix is as orthogonal as it says.
std::optional<std::string> transform_fault(const Transform& transform, const TransformRules& rules);

/// Precondition: no fault, and learned. dim: the field's.
std::vector<std::byte> encode(const Transforms& transforms, std::uint32_t dim);

/// bytes: the whole section, at `at` in the file.  dim: the field's.
/// Errors: kCorrupt with the offset; kUnsupported for another kind of transform or an unknown step.
Result<Transforms> decode_transforms(std::span<const std::byte> bytes, std::uint32_t dim, std::uint64_t at);

}  // namespace nearline::format
