// SPDX-License-Identifier: Apache-2.0
#include "format/inspect_sections.h"

#include <bit>
#include <cmath>

#include "format/calibration.h"
#include "format/checksum_tree.h"
#include "format/code_book.h"
#include "format/fields.h"
#include "format/fused_page.h"
#include "format/keys.h"
#include "format/manifest_layout.h"
#include "format/transform.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kChunkBytes = 64 * 1024;

/// Where items go: all names of one section begin the same.
struct Target {
  std::string prefix;
  const ReadBytes& read;
  const ItemSink& sink;

  void give(std::uint64_t at, std::uint64_t bytes, const std::string& name, std::string value) const {
    sink({at, bytes, prefix + name, std::move(value)});
  }
};

float half_value(std::uint16_t bits) noexcept {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  float value = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  if (exponent == 31) value = fraction == 0 ? INFINITY : NAN;
  return (bits & 0x8000) != 0 ? -value : value;
}

std::string component_text(ElementType type, std::span<const std::byte> bytes, std::size_t i) {
  switch (type) {
    case ElementType::kF32: return float_text(row_at<lef32>(bytes, i * 4));
    case ElementType::kF16: return float_text(half_value(row_at<le16>(bytes, i * 2)));
    case ElementType::kBF16: return float_text(std::bit_cast<float>(std::uint32_t{row_at<le16>(bytes, i * 2)} << 16));
    case ElementType::kI8: return std::to_string(static_cast<std::int8_t>(bytes[i]));
    default: return std::to_string(std::to_integer<unsigned>(bytes[i]));
  }
}

/// Components with spaces between them; bits as hexadecimal bytes.
std::string vector_text(const PageShape& shape, std::span<const std::byte> bytes) {
  if (shape.type == ElementType::kB1) return hexadecimal(bytes);
  std::string text;
  for (std::size_t i = 0; i < shape.dim; ++i) {
    text += (i == 0 ? "" : " ") + component_text(shape.type, bytes, i);
  }
  return text;
}

void inspect_record(const PageShape& shape, std::span<const std::byte> record, std::uint64_t at,
                    const std::string& name, const Target& target) {
  target.give(at, shape.vector_bytes, name + ".vector", vector_text(shape, record.first(shape.vector_bytes)));
  if (shape.has_scale) {
    target.give(at + shape.scale_place(), 4, name + ".scale", float_text(stored_scale(shape, record.data())));
  }
  target.give(at + shape.id_place(), shape.id_bytes, name + ".id", std::to_string(stored_id(shape, record.data())));
}

/// The neighbours of the record at `slot`. at: of the page.
void inspect_neighbors(const PageShape& shape, std::span<const std::byte> page, Ordinal ordinal, std::uint64_t at,
                       const std::string& name, const Target& target) {
  const std::byte* const record = page.data() + shape.place_of(ordinal);
  std::uint64_t place = at + shape.place_of(ordinal) + shape.degree_place();
  std::uint64_t bytes = shape.slot_bytes - shape.degree_place();
  if (shape.layout == Layout::kLean) {
    target.give(place, 2, name + ".degree", std::to_string(stored_degree(shape, record)));
    place += 2;
    bytes -= 2;
  }
  std::vector<std::uint32_t> neighbors(shape.degree);
  neighbors.resize(neighbors_on(shape, page.data(), ordinal, neighbors.data()));
  std::string text;
  for (const std::uint32_t neighbor : neighbors) text += (text.empty() ? "" : " ") + std::to_string(neighbor);
  target.give(place, bytes, name + ".neighbors", std::move(text));
}

/// What a fused page has behind its records.
void inspect_table(const PageShape& shape, std::span<const std::byte> page, std::uint64_t at, const std::string& name,
                   const Target& target) {
  const std::uint32_t targets = stored_targets(shape, page.data());
  target.give(at + table_place(shape), 2, name + ".targets", std::to_string(targets));
  for (std::uint32_t i = 0; i < std::min(targets, shape.targets); ++i) {
    const auto place = static_cast<std::size_t>(target_at(shape, page.data(), i) - page.data());
    const std::string entry = name + ".target[" + std::to_string(i) + "]";
    target.give(at + place, 4, entry + ".ordinal", std::to_string(target_ordinal(shape, page.data(), i)));
    target.give(at + place + 4, shape.code_bytes, entry + ".code",
                hexadecimal(page.subspan(place + 4, shape.code_bytes)));
  }
}

Result<void> inspect_pages(const PageShape& shape, const Section& section, const Target& target) {
  for (std::uint64_t page = 0; page < section.count; ++page) {
    const std::uint64_t at = section.offset + page * shape.page_bytes;
    const std::string name = "page[" + std::to_string(page) + "]";
    NEARLINE_TRY(bytes, target.read(at, shape.page_bytes));
    inspect_struct(kGraphPageHeaderInfo, std::span(bytes).first(sizeof(GraphPageHeader)), at, target.prefix + name,
                   target.sink);
    const std::uint32_t records = row_at<GraphPageHeader>(bytes, 0).count;
    for (std::uint32_t slot = 0; slot < std::min(records, shape.slots); ++slot) {
      const std::uint64_t place = sizeof(GraphPageHeader) + std::uint64_t{slot} * shape.slot_bytes;
      const std::string record = name + ".record[" + std::to_string(slot) + "]";
      inspect_record(shape, std::span(bytes).subspan(place, shape.slot_bytes), at + place, record, target);
      inspect_neighbors(shape, bytes, Ordinal(page * shape.slots + slot), at, record, target);
    }
    if (shape.layout == Layout::kFused) inspect_table(shape, bytes, at, name, target);
    const std::uint64_t seal = shape.page_bytes - kSealBytes;
    target.give(at + seal, kSealBytes, name + ".seal", std::to_string(row_at<le64>(bytes, seal)));
  }
  return {};
}

/// Elements of a size that a chunk holds many of are read in chunks; a larger one is cut into chunks of its own.
Result<void> inspect_elements(const Section& section, bool numbers, const Target& target) {
  const std::uint64_t size = std::min<std::uint64_t>(section.element_bytes, kChunkBytes);
  for (std::uint64_t place = 0; place < section.length;) {
    const std::uint64_t chunk = std::min(kChunkBytes / size * size, section.length - place);
    NEARLINE_TRY(bytes, target.read(section.offset + place, chunk));
    for (std::uint64_t i = 0; i < chunk; i += size) {
      const auto element = std::span<const std::byte>(bytes).subspan(i, std::min(size, chunk - i));
      target.give(section.offset + place + i, element.size(), "element[" + std::to_string((place + i) / size) + "]",
                  numbers ? std::to_string(row_at<le32>(element, 0)) : hexadecimal(element));
    }
    place += chunk;
  }
  return {};
}

/// Fences, then of each block its ids, where they are stored, and its rows.
Result<void> inspect_keys(const KeyShape& keys, const Section& section, const Target& target) {
  for (std::uint64_t block = 0; block < whole_blocks(section.length) / kBlockBytes; ++block) {
    const std::uint64_t at = section.offset + block * kBlockBytes;
    NEARLINE_TRY(bytes, target.read(at, kBlockBytes));
    const auto give = [&](std::uint64_t place, std::uint64_t size, const char* what, std::uint64_t i,
                          std::uint64_t value) {
      target.give(at + place, size, what + ("[" + std::to_string(i) + "]"), std::to_string(value));
    };
    give(KeyShape::kRoomBytes, kSealBytes, "seal", block, row_at<le64>(bytes, KeyShape::kRoomBytes));
    if (block < keys.fence_blocks()) {
      const std::uint64_t first = block * KeyShape::kFencesPerBlock;
      for (std::uint64_t i = 0; i < std::min(KeyShape::kFencesPerBlock, keys.fences() - first); ++i) {
        give(i * sizeof(Id), sizeof(Id), "fence", first + i, stored_fence(bytes.data(), i));
      }
      continue;
    }
    const std::uint64_t number = block - keys.fence_blocks(), first = number * keys.per_block();
    const std::uint64_t rows_at = keys.dense() ? 0 : std::uint64_t{keys.per_block()} * keys.id_bytes;
    for (std::uint32_t i = 0; i < keys.keys_in(number) && !keys.dense(); ++i) {
      give(std::uint64_t{i} * keys.id_bytes, keys.id_bytes, "id", first + i, stored_key(keys, bytes.data(), i));
    }
    for (std::uint32_t i = 0; i < keys.keys_in(number); ++i) {
      give(rows_at + i * sizeof i, sizeof i, "row", first + i, stored_row(keys, bytes.data(), i));
    }
  }
  return {};
}

/// The head of a code book, when there is room for one.
Result<void> inspect_code_book(const Section& section, const Target& target) {
  if (section.length < sizeof(CodeBookHeader)) return {};
  NEARLINE_TRY(bytes, target.read(section.offset, sizeof(CodeBookHeader)));
  inspect_struct(kCodeBookHeaderInfo, bytes, section.offset, target.prefix + "book", target.sink);
  return {};
}

/// Its head and its steps, as far as there is room for them.
Result<void> inspect_calibration(const Section& section, const Target& target) {
  if (section.length < sizeof(CalibrationHeader)) return {};
  NEARLINE_TRY(bytes, target.read(section.offset, std::min(section.length, kChunkBytes)));
  const std::span<const std::byte> all(bytes);
  inspect_struct(kCalibrationHeaderInfo, all.first(sizeof(CalibrationHeader)), section.offset,
                 target.prefix + "calibration", target.sink);
  std::size_t place = sizeof(CalibrationHeader);
  for (std::size_t i = 0; place + sizeof(CalibrationRow) <= all.size(); ++i, place += sizeof(CalibrationRow)) {
    inspect_struct(kCalibrationRowInfo, all.subspan(place, sizeof(CalibrationRow)), section.offset + place,
                   target.prefix + "step[" + std::to_string(i) + "]", target.sink);
  }
  return {};
}

/// Its head, its steps and their numbers, as far as there is room for them.
Result<void> inspect_transform(const Section& section, const Target& target) {
  NEARLINE_TRY(head, target.read(section.offset, sizeof(TransformHeader)));
  inspect_struct(kTransformHeaderInfo, head, section.offset, target.prefix + "transform", target.sink);
  const auto header = row_at<TransformHeader>(head, 0);
  std::uint64_t place = sizeof header;
  for (std::uint32_t i = 0; i < std::uint32_t{header.steps} + header.query_steps; ++i) {
    if (section.length - place < sizeof(TransformStepRow)) break;
    NEARLINE_TRY(row, target.read(section.offset + place, sizeof(TransformStepRow)));
    inspect_struct(kTransformStepRowInfo, row, section.offset + place,
                   target.prefix + "step[" + std::to_string(i) + "]", target.sink);
    place += row.size();
  }
  for (std::uint64_t i = 0; section.length - place >= sizeof(float);) {
    NEARLINE_TRY(bytes, target.read(section.offset + place, std::min(kChunkBytes, (section.length - place) / 4 * 4)));
    for (std::uint64_t k = 0; k < bytes.size(); k += sizeof(float), ++i) {
      target.give(section.offset + place + k, sizeof(float), "number[" + std::to_string(i) + "]",
                  float_text(row_at<lef32>(bytes, k)));
    }
    place += bytes.size();
  }
  return {};
}

/// The checksums in use; the zeros behind the last of a level are not shown.
Result<void> inspect_tree(const Section& section, const Target& target) {
  const TreeShape shape = TreeShape::of(section.length);
  std::uint64_t below = (section.length + kBlockBytes - 1) / kBlockBytes;
  for (std::uint32_t level = 1; level <= shape.levels; ++level) {
    const std::uint64_t start = section.tree_offset + shape.first_block[level - 1] * kBlockBytes;
    const std::string name = "level[" + std::to_string(level) + "].checksum[";
    for (std::uint64_t i = 0; i < below; i += kChecksumsPerBlock) {
      NEARLINE_TRY(block, target.read(start + i * 8, kBlockBytes));
      for (std::uint64_t k = i; k < std::min<std::uint64_t>(below, i + kChecksumsPerBlock); ++k) {
        target.give(start + k * 8, 8, name + std::to_string(k) + "]", std::to_string(row_at<le64>(block, (k - i) * 8)));
      }
    }
    below = shape.block_count[level - 1];
  }
  return {};
}

}  // namespace

Result<void> inspect_section(const Manifest& manifest, std::size_t row, const ReadBytes& read, bool all,
                             const ItemSink& sink) {
  const Section& section = manifest.sections[row];
  const Target target{"section[" + std::to_string(row) + "].", read, sink};
  if (section.length == 0) return {};
  target.give(section.offset, section.length, "data",
              std::to_string(section.count) + " x " + std::to_string(section.element_bytes) + " bytes of " +
                  std::string(name(section.kind)));
  if (all) {
    if (section.kind == SectionKind::kGraphPages) {
      const Graph& graph = manifest.graphs[section.segment];
      const PageShape shape = graph.shape(manifest.segments[graph.segment], manifest.fields[graph.field]);
      NEARLINE_CHECK(inspect_pages(shape, section, target));
    } else if (section.kind == SectionKind::kCalibration) {
      NEARLINE_CHECK(inspect_calibration(section, target));
    } else if (section.kind == SectionKind::kTransform) {
      NEARLINE_CHECK(inspect_transform(section, target));
    } else if (section.kind == SectionKind::kKeys) {
      NEARLINE_CHECK(inspect_keys(KeyShape::of(manifest.segments[section.segment]), section, target));
    } else if (section.kind == SectionKind::kAttribute) {
      NEARLINE_CHECK(inspect_column(manifest, section, read, target.prefix, sink));
    } else if (section.kind == SectionKind::kPayload) {
      NEARLINE_CHECK(inspect_payloads(manifest, section, read, target.prefix, sink));
    } else {
      if (section.kind == SectionKind::kCodeParameters) NEARLINE_CHECK(inspect_code_book(section, target));
      NEARLINE_CHECK(inspect_elements(section, section.kind == SectionKind::kEntryPoints, target));
    }
  }
  const TreeShape shape = TreeShape::of(section.length);
  target.give(section.tree_offset, section.tree_bytes, "tree",
              std::to_string(shape.levels) + " levels in " + std::to_string(shape.total_blocks) + " blocks");
  return all ? inspect_tree(section, target) : Result<void>{};
}

}  // namespace nearline::format
