// SPDX-License-Identifier: Apache-2.0
#include "format/fields.h"

#include "format/calibration.h"
#include "format/code_book.h"
#include "format/column.h"
#include "format/graph_page.h"
#include "format/manifest_layout.h"
#include "format/payload.h"
#include "format/superblock_layout.h"
#include "format/transform.h"

namespace nearline::format {
namespace {

// Name, place and size come from the struct itself; only the form is said here.
#define NEARLINE_FIELD(Struct, member, form) \
  { #member, offsetof(Struct, member), sizeof(Struct::member), FieldForm::form }

constexpr FieldInfo kSuperblock[] = {
    NEARLINE_FIELD(SuperblockBytes, magic, kBytes),
    NEARLINE_FIELD(SuperblockBytes, endian_mark, kNumber),
    NEARLINE_FIELD(SuperblockBytes, float_mark, kFloat),
    NEARLINE_FIELD(SuperblockBytes, block_bytes, kNumber),
    NEARLINE_FIELD(SuperblockBytes, major, kNumber),
    NEARLINE_FIELD(SuperblockBytes, minor, kNumber),
    NEARLINE_FIELD(SuperblockBytes, compat, kNumber),
    NEARLINE_FIELD(SuperblockBytes, ro_compat, kNumber),
    NEARLINE_FIELD(SuperblockBytes, incompat, kNumber),
    NEARLINE_FIELD(SuperblockBytes, slot, kNumber),
    NEARLINE_FIELD(SuperblockBytes, reserved_0, kZero),
    NEARLINE_FIELD(SuperblockBytes, file_id, kBytes),
    NEARLINE_FIELD(SuperblockBytes, generation, kNumber),
    NEARLINE_FIELD(SuperblockBytes, committed_bytes, kNumber),
    NEARLINE_FIELD(SuperblockBytes, manifest_offset, kNumber),
    NEARLINE_FIELD(SuperblockBytes, manifest_bytes, kNumber),
    NEARLINE_FIELD(SuperblockBytes, manifest_hash, kBytes),
    NEARLINE_FIELD(SuperblockBytes, boot, kBytes),
    NEARLINE_FIELD(SuperblockBytes, reserved_1, kZero),
    NEARLINE_FIELD(SuperblockBytes, hash, kBytes),
};

constexpr FieldInfo kManifestHeader[] = {
    NEARLINE_FIELD(ManifestHeader, magic, kBytes),
    NEARLINE_FIELD(ManifestHeader, manifest_bytes, kNumber),
    NEARLINE_FIELD(ManifestHeader, file_id, kBytes),
    NEARLINE_FIELD(ManifestHeader, generation, kNumber),
    NEARLINE_FIELD(ManifestHeader, live_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, next_serial, kNumber),
    NEARLINE_FIELD(ManifestHeader, next_id, kNumber),
    NEARLINE_FIELD(ManifestHeader, field_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, attribute_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, transform_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, segment_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, graph_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, section_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, free_count, kNumber),
    NEARLINE_FIELD(ManifestHeader, reserved, kZero),
};

constexpr FieldInfo kFieldRow[] = {
    NEARLINE_FIELD(FieldRow, name, kText),        NEARLINE_FIELD(FieldRow, dim, kNumber),
    NEARLINE_FIELD(FieldRow, type, kElementType), NEARLINE_FIELD(FieldRow, metric, kMetric),
    NEARLINE_FIELD(FieldRow, multi, kNumber),     NEARLINE_FIELD(FieldRow, indexed, kNumber),
    NEARLINE_FIELD(FieldRow, transform, kNumber), NEARLINE_FIELD(FieldRow, layout, kLayout),
    NEARLINE_FIELD(FieldRow, calibrate, kNumber), NEARLINE_FIELD(FieldRow, code_bytes, kNumber),
    NEARLINE_FIELD(FieldRow, degree, kNumber),    NEARLINE_FIELD(FieldRow, l_build, kNumber),
    NEARLINE_FIELD(FieldRow, alpha, kFloat),      NEARLINE_FIELD(FieldRow, page_records, kNumber),
    NEARLINE_FIELD(FieldRow, seed, kNumber),      NEARLINE_FIELD(FieldRow, reserved, kZero),
};

constexpr FieldInfo kAttributeRow[] = {
    NEARLINE_FIELD(AttributeRow, name, kText),
    NEARLINE_FIELD(AttributeRow, type, kAttributeType),
    NEARLINE_FIELD(AttributeRow, reserved, kZero),
};

constexpr FieldInfo kTransformRow[] = {
    NEARLINE_FIELD(TransformRow, kind, kNumber),     NEARLINE_FIELD(TransformRow, reserved_0, kZero),
    NEARLINE_FIELD(TransformRow, in_dim, kNumber),   NEARLINE_FIELD(TransformRow, query_dim, kNumber),
    NEARLINE_FIELD(TransformRow, reserved_1, kZero),
};

constexpr FieldInfo kSegmentRow[] = {
    NEARLINE_FIELD(SegmentRow, count, kNumber),    NEARLINE_FIELD(SegmentRow, deleted, kNumber),
    NEARLINE_FIELD(SegmentRow, first_id, kNumber), NEARLINE_FIELD(SegmentRow, last_id, kNumber),
    NEARLINE_FIELD(SegmentRow, id_bytes, kNumber), NEARLINE_FIELD(SegmentRow, reserved, kZero),
};

constexpr FieldInfo kGraphRow[] = {
    NEARLINE_FIELD(GraphRow, segment, kNumber),  NEARLINE_FIELD(GraphRow, field, kNumber),
    NEARLINE_FIELD(GraphRow, layout, kLayout),   NEARLINE_FIELD(GraphRow, neighbor_bits, kNumber),
    NEARLINE_FIELD(GraphRow, targets, kNumber),  NEARLINE_FIELD(GraphRow, code_bytes, kNumber),
    NEARLINE_FIELD(GraphRow, reserved_0, kZero), NEARLINE_FIELD(GraphRow, nodes, kNumber),
    NEARLINE_FIELD(GraphRow, edges, kNumber),    NEARLINE_FIELD(GraphRow, local_edges, kNumber),
    NEARLINE_FIELD(GraphRow, degree, kNumber),   NEARLINE_FIELD(GraphRow, page_bytes, kNumber),
    NEARLINE_FIELD(GraphRow, slots, kNumber),    NEARLINE_FIELD(GraphRow, slot_bytes, kNumber),
    NEARLINE_FIELD(GraphRow, reserved_1, kZero),
};

constexpr FieldInfo kSectionRow[] = {
    NEARLINE_FIELD(SectionRow, kind, kSectionKind),     NEARLINE_FIELD(SectionRow, flags, kNumber),
    NEARLINE_FIELD(SectionRow, field, kNumber),         NEARLINE_FIELD(SectionRow, segment, kNumber),
    NEARLINE_FIELD(SectionRow, element_bytes, kNumber), NEARLINE_FIELD(SectionRow, offset, kNumber),
    NEARLINE_FIELD(SectionRow, length, kNumber),        NEARLINE_FIELD(SectionRow, count, kNumber),
    NEARLINE_FIELD(SectionRow, serial, kNumber),        NEARLINE_FIELD(SectionRow, tree_offset, kNumber),
    NEARLINE_FIELD(SectionRow, tree_bytes, kNumber),    NEARLINE_FIELD(SectionRow, root, kNumber),
    NEARLINE_FIELD(SectionRow, reserved, kZero),
};

constexpr FieldInfo kFreeRow[] = {
    NEARLINE_FIELD(FreeRow, offset, kNumber),
    NEARLINE_FIELD(FreeRow, length, kNumber),
    NEARLINE_FIELD(FreeRow, freed_in, kNumber),
};

constexpr FieldInfo kManifestFooter[] = {
    NEARLINE_FIELD(ManifestFooter, magic, kBytes),
    NEARLINE_FIELD(ManifestFooter, manifest_bytes, kNumber),
    NEARLINE_FIELD(ManifestFooter, generation, kNumber),
    NEARLINE_FIELD(ManifestFooter, hash, kBytes),
};

constexpr FieldInfo kGraphPageHeader[] = {
    NEARLINE_FIELD(GraphPageHeader, kind, kNumber),
    NEARLINE_FIELD(GraphPageHeader, count, kNumber),
    NEARLINE_FIELD(GraphPageHeader, page, kNumber),
};

constexpr FieldInfo kCodeBookHeader[] = {
    NEARLINE_FIELD(CodeBookHeader, kind, kNumber),      NEARLINE_FIELD(CodeBookHeader, parts, kNumber),
    NEARLINE_FIELD(CodeBookHeader, dim, kNumber),       NEARLINE_FIELD(CodeBookHeader, axes, kNumber),
    NEARLINE_FIELD(CodeBookHeader, offset_low, kFloat), NEARLINE_FIELD(CodeBookHeader, offset_step, kFloat),
    NEARLINE_FIELD(CodeBookHeader, factor_low, kFloat), NEARLINE_FIELD(CodeBookHeader, factor_step, kFloat),
    NEARLINE_FIELD(CodeBookHeader, error, kFloat),      NEARLINE_FIELD(CodeBookHeader, reserved, kZero),
};

constexpr FieldInfo kCalibrationHeader[] = {
    NEARLINE_FIELD(CalibrationHeader, kind, kNumber),    NEARLINE_FIELD(CalibrationHeader, source, kNumber),
    NEARLINE_FIELD(CalibrationHeader, steps, kNumber),   NEARLINE_FIELD(CalibrationHeader, norm, kFloat),
    NEARLINE_FIELD(CalibrationHeader, queries, kNumber),
};

constexpr FieldInfo kCalibrationRow[] = {
    NEARLINE_FIELD(CalibrationRow, ranking, kNumber), NEARLINE_FIELD(CalibrationRow, k, kNumber),
    NEARLINE_FIELD(CalibrationRow, l, kNumber),       NEARLINE_FIELD(CalibrationRow, slack, kFloat),
    NEARLINE_FIELD(CalibrationRow, recall, kFloat),
};

constexpr FieldInfo kTransformHeader[] = {
    NEARLINE_FIELD(TransformHeader, kind, kNumber),        NEARLINE_FIELD(TransformHeader, steps, kNumber),
    NEARLINE_FIELD(TransformHeader, query_steps, kNumber), NEARLINE_FIELD(TransformHeader, reserved_0, kZero),
    NEARLINE_FIELD(TransformHeader, in_dim, kNumber),      NEARLINE_FIELD(TransformHeader, query_dim, kNumber),
    NEARLINE_FIELD(TransformHeader, reserved_1, kZero),
};

constexpr FieldInfo kTransformStepRow[] = {
    NEARLINE_FIELD(TransformStepRow, kind, kNumber),    NEARLINE_FIELD(TransformStepRow, flags, kNumber),
    NEARLINE_FIELD(TransformStepRow, out_dim, kNumber), NEARLINE_FIELD(TransformStepRow, seed, kNumber),
    NEARLINE_FIELD(TransformStepRow, reserved, kZero),
};

constexpr FieldInfo kColumnHeader[] = {
    NEARLINE_FIELD(ColumnHeader, rows, kNumber),       NEARLINE_FIELD(ColumnHeader, nulls, kNumber),
    NEARLINE_FIELD(ColumnHeader, values, kNumber),     NEARLINE_FIELD(ColumnHeader, entries, kNumber),
    NEARLINE_FIELD(ColumnHeader, dictionary, kNumber), NEARLINE_FIELD(ColumnHeader, strings, kNumber),
    NEARLINE_FIELD(ColumnHeader, postings, kNumber),   NEARLINE_FIELD(ColumnHeader, type, kAttributeType),
    NEARLINE_FIELD(ColumnHeader, reserved, kZero),
};

constexpr FieldInfo kRunRow[] = {
    NEARLINE_FIELD(RunRow, offset, kNumber),   NEARLINE_FIELD(RunRow, least, kNumber),
    NEARLINE_FIELD(RunRow, most, kNumber),     NEARLINE_FIELD(RunRow, nulls, kNumber),
    NEARLINE_FIELD(RunRow, values, kNumber),   NEARLINE_FIELD(RunRow, bits, kNumber),
    NEARLINE_FIELD(RunRow, end_bits, kNumber), NEARLINE_FIELD(RunRow, reserved, kZero),
};

constexpr FieldInfo kEntryRow[] = {
    NEARLINE_FIELD(EntryRow, string, kNumber),
    NEARLINE_FIELD(EntryRow, posting, kNumber),
    NEARLINE_FIELD(EntryRow, rows, kNumber),
    NEARLINE_FIELD(EntryRow, reserved, kZero),
};

constexpr FieldInfo kPayloadHeader[] = {
    NEARLINE_FIELD(PayloadHeader, rows, kNumber),
    NEARLINE_FIELD(PayloadHeader, frames, kNumber),
    NEARLINE_FIELD(PayloadHeader, reserved, kZero),
};

constexpr FieldInfo kFrameRow[] = {
    NEARLINE_FIELD(FrameRow, offset, kNumber), NEARLINE_FIELD(FrameRow, first_row, kNumber),
    NEARLINE_FIELD(FrameRow, bytes, kNumber),  NEARLINE_FIELD(FrameRow, opened_bytes, kNumber),
    NEARLINE_FIELD(FrameRow, reserved, kZero),
};

#undef NEARLINE_FIELD

}  // namespace

const StructInfo kSuperblockInfo = {"superblock", sizeof(SuperblockBytes), kSuperblock};
const StructInfo kManifestHeaderInfo = {"manifest", sizeof(ManifestHeader), kManifestHeader};
const StructInfo kFieldRowInfo = {"field", sizeof(FieldRow), kFieldRow};
const StructInfo kAttributeRowInfo = {"attribute", sizeof(AttributeRow), kAttributeRow};
const StructInfo kTransformRowInfo = {"transform", sizeof(TransformRow), kTransformRow};
const StructInfo kSegmentRowInfo = {"segment", sizeof(SegmentRow), kSegmentRow};
const StructInfo kGraphRowInfo = {"graph", sizeof(GraphRow), kGraphRow};
const StructInfo kSectionRowInfo = {"section", sizeof(SectionRow), kSectionRow};
const StructInfo kFreeRowInfo = {"free", sizeof(FreeRow), kFreeRow};
const StructInfo kManifestFooterInfo = {"footer", sizeof(ManifestFooter), kManifestFooter};
const StructInfo kGraphPageHeaderInfo = {"page", sizeof(GraphPageHeader), kGraphPageHeader};
const StructInfo kCodeBookHeaderInfo = {"code_book", sizeof(CodeBookHeader), kCodeBookHeader};
const StructInfo kCalibrationHeaderInfo = {"calibration", sizeof(CalibrationHeader), kCalibrationHeader};
const StructInfo kCalibrationRowInfo = {"calibration_step", sizeof(CalibrationRow), kCalibrationRow};

const StructInfo kTransformHeaderInfo = {"transforms", sizeof(TransformHeader), kTransformHeader};
const StructInfo kTransformStepRowInfo = {"transform_step", sizeof(TransformStepRow), kTransformStepRow};

const StructInfo kColumnHeaderInfo = {"column", sizeof(ColumnHeader), kColumnHeader};
const StructInfo kRunRowInfo = {"run", sizeof(RunRow), kRunRow};
const StructInfo kEntryRowInfo = {"entry", sizeof(EntryRow), kEntryRow};
const StructInfo kPayloadHeaderInfo = {"payloads", sizeof(PayloadHeader), kPayloadHeader};
const StructInfo kFrameRowInfo = {"frame", sizeof(FrameRow), kFrameRow};

std::span<const StructInfo* const> all_structs() noexcept {
  static constexpr const StructInfo* kAll[] = {
      &kSuperblockInfo,      &kManifestHeaderInfo, &kFieldRowInfo,          &kAttributeRowInfo,   &kTransformRowInfo,
      &kSegmentRowInfo,      &kGraphRowInfo,       &kSectionRowInfo,        &kFreeRowInfo,        &kManifestFooterInfo,
      &kGraphPageHeaderInfo, &kCodeBookHeaderInfo, &kCalibrationHeaderInfo, &kCalibrationRowInfo, &kColumnHeaderInfo,
      &kRunRowInfo,          &kEntryRowInfo,       &kPayloadHeaderInfo,     &kFrameRowInfo,       &kTransformHeaderInfo,
      &kTransformStepRowInfo};
  return kAll;
}

}  // namespace nearline::format
