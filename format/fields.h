// SPDX-License-Identifier: Apache-2.0
/// The one list of what the pinned structs hold. The tables of SPEC.md are compared with it, `nearline inspect` prints
/// by it, and the damage tests walk it: a struct that changes without its list, or a list without the document, fails.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace nearline::format {

/// How a field's bytes are read and printed. The words are those of the type column of SPEC.md.
enum class FieldForm : std::uint8_t {
  kBytes,          ///< "bytes": printed in hexadecimal
  kNumber,         ///< "u8", "u16", "u32", "u64": printed in decimal
  kFloat,          ///< "f32"
  kText,           ///< "text": UTF-8, zeros behind it
  kZero,           ///< "zero": reserved
  kElementType,    ///< "u8", printed with its word
  kMetric,         ///< "u8", printed with its word
  kLayout,         ///< "u8", printed with its word
  kAttributeType,  ///< "u8", printed with its word
  kSectionKind,    ///< "u16", printed with its word
};

struct FieldInfo {
  std::string_view name;
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
  FieldForm form = FieldForm::kBytes;
};

struct StructInfo {
  std::string_view name;
  std::uint32_t bytes = 0;
  std::span<const FieldInfo> fields;  ///< in order, without gaps
};

extern const StructInfo kSuperblockInfo;
extern const StructInfo kManifestHeaderInfo;
extern const StructInfo kFieldRowInfo;
extern const StructInfo kAttributeRowInfo;
extern const StructInfo kTransformRowInfo;
extern const StructInfo kSegmentRowInfo;
extern const StructInfo kGraphRowInfo;
extern const StructInfo kSectionRowInfo;
extern const StructInfo kFreeRowInfo;
extern const StructInfo kManifestFooterInfo;
extern const StructInfo kGraphPageHeaderInfo;
extern const StructInfo kCodeBookHeaderInfo;
extern const StructInfo kCalibrationHeaderInfo;
extern const StructInfo kCalibrationRowInfo;
extern const StructInfo kColumnHeaderInfo;
extern const StructInfo kRunRowInfo;
extern const StructInfo kEntryRowInfo;
extern const StructInfo kPayloadHeaderInfo;
extern const StructInfo kFrameRowInfo;
extern const StructInfo kTransformHeaderInfo;
extern const StructInfo kTransformStepRowInfo;

/// All of the above, in the order of SPEC.md.
std::span<const StructInfo* const> all_structs() noexcept;

/// The word in the type column of SPEC.md.
std::string_view type_word(const FieldInfo& field) noexcept;

/// A field's value as text. bytes: exactly the field's.
std::string value_text(const FieldInfo& field, std::span<const std::byte> bytes);

/// Calls `sink(field, value text)` for each field of a struct, in order. Precondition: bytes.size() == info.bytes.
void for_each_field(const StructInfo& info, std::span<const std::byte> bytes,
                    const std::function<void(const FieldInfo&, const std::string&)>& sink);

/// Two lower-case digits a byte, without spaces.
std::string hexadecimal(std::span<const std::byte> bytes);

/// Text in quotes; what is not printable ASCII, a quote or a backslash becomes \xNN, so that no file can write to a
/// terminal.
std::string quoted(std::span<const std::byte> text);

/// A float with the nine digits that name it exactly; "nan" for any NaN.
std::string float_text(float value);

}  // namespace nearline::format
