// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_set>

#include "format/corrupt.h"
#include "format/manifest_check.h"
#include "format/utf8.h"

namespace nearline::format {
namespace {

using Names = std::unordered_set<std::string_view>;

Result<void> check_name(std::string_view name, Names& seen, std::uint64_t at) {
  if (!is_printable_utf8(name)) return corrupt(at, "a name is not printable UTF-8");
  if (!seen.insert(name).second) return corrupt(at, "two rows have the name " + std::string(name));
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
  return {};
}

Result<void> check_transform(const Transform& transform, std::size_t sections, std::size_t i,
                             const ManifestPlace& place) {
  if (transform.section >= sections || transform.out_dim == 0 || transform.out_dim > kMaxDim) {
    return corrupt(place.transform(i, 0), "a transform with section " + std::to_string(transform.section) + " of " +
                                              std::to_string(sections) + " and dimension " +
                                              std::to_string(transform.out_dim));
  }
  return unsupported(place.transform(i, 0),
                     "a transform of kind " + std::to_string(transform.kind) + ": this build knows none");
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
    if (attribute.type < AttributeType::kI64 || attribute.type > AttributeType::kTags) {
      return corrupt(place.attribute(i, offsetof(AttributeRow, type)),
                     "attribute type " + std::to_string(static_cast<unsigned>(attribute.type)) + ": expected 1 to 5");
    }
  }
  for (std::size_t i = 0; i < manifest.transforms.size(); ++i) {
    NEARLINE_CHECK(check_transform(manifest.transforms[i], manifest.sections.size(), i, place));
  }
  return {};
}

}  // namespace nearline::format
