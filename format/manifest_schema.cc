// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <unordered_set>

#include "format/code_book.h"
#include "format/corrupt.h"
#include "format/manifest_check.h"
#include "format/transform.h"
#include "format/utf8.h"

namespace nearline::format {
namespace {

using Names = std::unordered_set<std::string_view>;

Result<void> check_name(std::string_view name, Names& seen, std::uint64_t at) {
  if (!is_printable_utf8(name)) return corrupt(at, "a name is not printable UTF-8");
  if (!seen.insert(name).second) return corrupt(at, "two rows have the name " + std::string(name));
  return {};
}

/// What commits make graphs by: those of BuildOptions, so that none of them can be refused by a commit.
Result<void> check_settings(const Field& field, std::size_t i, const ManifestPlace& place) {
  const Settings& s = field.settings;
  if (s.layout != Layout::kLean && s.layout != Layout::kFused) {
    return corrupt(place.field(i, offsetof(FieldRow, layout)),
                   "a field with page layout " + std::to_string(static_cast<unsigned>(s.layout)) + ": expected 1 or 2");
  }
  if (s.degree < kLeastBuildDegree || s.degree > kMaxDegree || s.l_build < s.degree || s.l_build > kMaxBuildList) {
    return corrupt(place.field(i, offsetof(FieldRow, degree)),
                   "a field with degree " + std::to_string(s.degree) + " and " + std::to_string(s.l_build) +
                       " candidates: expected a degree of 4 to 1024, and at least as many candidates up to 4096");
  }
  if (!(s.alpha >= 1 && s.alpha <= kMaxAlpha)) {
    return corrupt(place.field(i, offsetof(FieldRow, alpha)),
                   "a field with alpha " + std::to_string(s.alpha) + ": expected 1 to 2");
  }
  const bool fused = s.layout == Layout::kFused;
  const bool open = s.code_bytes == Count::kAuto;
  const bool sized = s.code_bytes > kCodeHeadBytes && s.code_bytes <= kCodeHeadBytes + kMaxCodeParts;
  const bool possible = can_code(field.metric, field.dim);
  if (!(open || s.code_bytes == 0 || (sized && possible)) || (fused && (s.code_bytes == 0 || !possible))) {
    return corrupt(place.field(i, offsetof(FieldRow, code_bytes)),
                   "a field with codes of " + std::to_string(s.code_bytes) +
                       " bytes: expected 5 to 1028 where its vectors can be coded, or 0 or 65535 where pages are lean");
  }
  if (s.page_records == 0 || (!fused && s.page_records != Count::kAuto)) {
    return corrupt(place.field(i, offsetof(FieldRow, page_records)),
                   "a field with pages of " + std::to_string(s.page_records) +
                       " records: expected 1 and up of fused pages, and 4294967295 of lean ones");
  }
  return {};
}

Result<void> check_field(const Field& field, std::size_t transforms, std::size_t i, const ManifestPlace& place) {
  if (field.dim == 0 || field.dim > kMaxDim) {
    return corrupt(place.field(i, offsetof(FieldRow, dim)),
                   "dimension " + std::to_string(field.dim) + ": expected 1 to " + std::to_string(kMaxDim));
  }
  if (name(field.type) == "unknown" || name(field.metric) == "unknown" || !compatible(field.metric, field.type)) {
    return corrupt(place.field(i, offsetof(FieldRow, type)),
                   "element type " + std::to_string(static_cast<unsigned>(field.type)) + " under metric " +
                       std::to_string(static_cast<unsigned>(field.metric)) + ": expected a known pair that fits");
  }
  if (field.multi) {
    return unsupported(place.field(i, offsetof(FieldRow, multi)),
                       "a field holds several vectors per record: this build reads one");
  }
  if (field.transform != Field::kNoTransform && field.transform >= transforms) {
    return corrupt(place.field(i, offsetof(FieldRow, transform)),
                   "a field with transform " + std::to_string(field.transform) + ": expected one of " +
                       std::to_string(transforms) + " rows");
  }
  if (field.transform != Field::kNoTransform && !is_float(field.type)) {
    return corrupt(place.field(i, offsetof(FieldRow, type)),
                   "a field of type " + std::string(name(field.type)) + " with a transform: expected a float type");
  }
  return check_settings(field, i, place);
}

/// One that no field has, or several, is nobody's.
Result<void> check_transform(const Manifest& manifest, std::uint32_t i, const ManifestPlace& place) {
  const FieldTransform& transform = manifest.transforms[i];
  if (transform.kind != kTransformKind) {
    return unsupported(place.transform(i, 0),
                       "a transform of kind " + std::to_string(transform.kind) + ": this build knows kind 1");
  }
  const auto good = [](std::uint32_t dim) { return dim >= 1 && dim <= kMaxDim; };
  if (!good(transform.in_dim) || !good(transform.query_dim)) {
    return corrupt(place.transform(i, offsetof(TransformRow, in_dim)),
                   "a transform of " + std::to_string(transform.in_dim) + " components, and " +
                       std::to_string(transform.query_dim) + " of queries: expected 1 to " + std::to_string(kMaxDim));
  }
  const auto fields = std::ranges::count(manifest.fields, i, &Field::transform);
  if (fields == 1) return {};
  return corrupt(place.transform(i, 0),
                 "a transform that " + std::to_string(fields) + " fields have: expected one field");
}

}  // namespace

Result<void> check_schema(const Manifest& manifest, const ManifestPlace& place) {
  Names names;
  for (std::size_t i = 0; i < manifest.fields.size(); ++i) {
    NEARLINE_CHECK(check_name(manifest.fields[i].name, names, place.field(i, 0)));
    NEARLINE_CHECK(check_field(manifest.fields[i], manifest.transforms.size(), i, place));
  }
  names.clear();
  for (std::size_t i = 0; i < manifest.attributes.size(); ++i) {
    const Attribute& attribute = manifest.attributes[i];
    NEARLINE_CHECK(check_name(attribute.name, names, place.attribute(i, 0)));
    if (attribute.name == "id") {
      return corrupt(place.attribute(i, 0), "an attribute 'id': expected another name, as this one is the record's id");
    }
    if (attribute.type < AttributeType::kI64 || attribute.type > AttributeType::kPlace) {
      return corrupt(place.attribute(i, offsetof(AttributeRow, type)),
                     "attribute type " + std::to_string(static_cast<unsigned>(attribute.type)) + ": expected 1 to 6");
    }
  }
  for (std::size_t i = 0; i < manifest.transforms.size(); ++i) {
    NEARLINE_CHECK(check_transform(manifest, static_cast<std::uint32_t>(i), place));
  }
  return {};
}

}  // namespace nearline::format
