// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tiny_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "format/checksum.h"
#include "format/checksum_tree.h"
#include "format/graph_page.h"
#include "format/keys.h"
#include "format/page_seal.h"
#include "nearline/version.h"

namespace nearline::testing {
namespace {

using format::kBlockBytes;

/// Component `i` of record `o`: small, never all zero, exact in every type.
int component(std::uint32_t o, std::uint32_t i) {
  return static_cast<int>((o * 7 + i * 3 + 1) % 11) + 1;
}

/// The 16-bit forms of small whole numbers: exact.
std::uint16_t half_of(int value) {
  const auto exponent = static_cast<unsigned>(std::bit_width(static_cast<unsigned>(value)) - 1);
  const unsigned fraction = (static_cast<unsigned>(value) << (10 - exponent)) & 1023;
  return static_cast<std::uint16_t>((exponent + 15) << 10 | fraction);
}
std::uint16_t brain_of(int value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
}

template <class T>
void put(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

void store_vector(const format::PageShape& shape, std::uint32_t o, std::byte* record) {
  for (std::uint32_t i = 0; i < shape.dim; ++i) {
    const int value = component(o, i);
    switch (shape.type) {
      case ElementType::kF32: put(record + i * 4, static_cast<float>(value)); break;
      case ElementType::kF16: put(record + i * 2, half_of(value)); break;
      case ElementType::kBF16: put(record + i * 2, brain_of(value)); break;
      case ElementType::kI8: put(record + i, static_cast<std::int8_t>(value)); break;
      case ElementType::kU8: put(record + i, static_cast<std::uint8_t>(value)); break;
      case ElementType::kB1:
        if (value % 2 == 1) record[i / 8] |= static_cast<std::byte>(1u << (i % 8));
        break;
    }
  }
}

std::vector<std::uint32_t> ring_neighbors(std::uint32_t o, const TinySpec& spec) {
  const std::uint32_t count = spec.count, degree = spec.flat ? 0 : spec.degree;
  std::vector<std::uint32_t> list;
  for (std::uint32_t step = 1; list.size() < degree && step < count; ++step) {
    for (const std::uint32_t to : {(o + step) % count, (o + count - step) % count}) {
      if (list.size() < degree && to != o && std::find(list.begin(), list.end(), to) == list.end()) list.push_back(to);
    }
  }
  return list;
}

Id id_of(const TinySpec& spec, std::uint32_t o) {
  return spec.above + spec.step * (spec.rising ? 1 + o : spec.count - o);
}

/// The section's bytes. keys: of the segment.
std::vector<std::byte> key_blocks(const format::KeyShape& keys, const TinySpec& spec) {
  std::vector<std::byte> bytes(keys.blocks() * kBlockBytes);
  for (std::uint32_t i = 0; i < spec.count; ++i) {
    const std::uint32_t row = spec.rising ? i : spec.count - 1 - i, block = i / keys.per_block();
    const std::uint32_t place = i % keys.per_block();
    store_key(keys, place, id_of(spec, row), row, bytes.data() + (keys.fence_blocks() + block) * kBlockBytes);
    if (place == 0 && block > 0 && keys.fences() > 0) format::store_fence(block - 1, id_of(spec, row), bytes.data());
  }
  return bytes;
}

void store_record(const format::PageShape& shape, const TinySpec& spec, std::uint32_t o, std::byte* record) {
  store_vector(shape, o, record);
  if (shape.has_scale) {
    float squares = 0;
    for (std::uint32_t i = 0; i < spec.dim; ++i) squares += static_cast<float>(component(o, i) * component(o, i));
    store_scale(shape, spec.metric == Metric::kIp ? squares : 1 / std::sqrt(squares), record);
  }
  store_id(shape, id_of(spec, o), record);
  if (shape.layout == Layout::kLean) store_neighbors(shape, ring_neighbors(o, spec), record);
}

format::PageShape shape_of(const TinySpec& spec) {
  const auto lean = format::PageShape::choose(spec.count, spec.dim, spec.type, spec.metric, spec.degree, spec.id_bytes);
  if (spec.fused) return format::fused_shape(lean, *spec.fused);
  return spec.page_bytes > 0 ? format::resized(lean, spec.page_bytes) : lean;
}

/// Table and links of a fused page. Every code counts on from its ordinal.
void store_table(const format::PageShape& shape, const TinySpec& spec, std::uint32_t page, std::byte* bytes) {
  const std::uint32_t first = page * shape.slots;
  const std::uint32_t last = std::min(first + shape.slots, spec.count);
  std::vector<std::uint32_t> targets;
  for (std::uint32_t o = first; o < last; ++o) {
    for (const std::uint32_t to : ring_neighbors(o, spec)) {
      if (shape.page_of(format::Ordinal{to}) != page) targets.push_back(to);
    }
  }
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    const auto code = counting(targets[i] + shape.code_bytes);
    store_target(shape, i, targets[i], std::span(code).last(shape.code_bytes), bytes);
  }
  for (std::uint32_t o = first; o < last; ++o) {
    for (const std::uint32_t to : ring_neighbors(o, spec)) {
      const auto place = std::lower_bound(targets.begin(), targets.end(), to) - targets.begin();
      const bool local = shape.page_of(format::Ordinal{to}) == page;
      store_link(shape, local ? to - first : shape.slots + static_cast<std::uint32_t>(place),
                 bytes + shape.place_of(format::Ordinal{o}));
    }
  }
}

std::vector<std::byte> graph_pages(const format::PageShape& shape, const TinySpec& spec) {
  std::vector<std::byte> pages(shape.pages(spec.count) * shape.page_bytes);
  for (std::uint32_t o = 0; o < spec.count; ++o) {
    const std::uint32_t page = shape.page_of(format::Ordinal{o});
    std::byte* bytes = pages.data() + std::size_t{page} * shape.page_bytes;
    const std::uint32_t records = std::min(shape.slots, spec.count - page * shape.slots);
    store_record(shape, spec, o, bytes + shape.place_of(format::Ordinal{o}));
    if (o % shape.slots != 0) continue;
    if (shape.layout == Layout::kLean) {
      format::store_header(page, records, bytes);
    } else {
      format::store_fused_header(page, records, bytes);
      store_table(shape, spec, page, bytes);
    }
  }
  return pages;
}

format::Graph graph_of(const format::PageShape& shape, const TinySpec& spec, std::uint32_t segment) {
  format::Graph graph{.segment = segment,
                      .field = spec.field,
                      .layout = shape.layout,
                      .nodes = spec.count,
                      .degree = spec.degree,
                      .page_bytes = shape.page_bytes,
                      .slots = shape.slots,
                      .slot_bytes = shape.slot_bytes,
                      .neighbor_bits = shape.neighbor_bits,
                      .targets = shape.targets,
                      .code_bytes = shape.code_bytes};
  for (std::uint32_t o = 0; o < spec.count; ++o) {
    for (const std::uint32_t to : ring_neighbors(o, spec)) {
      ++graph.edges;
      if (shape.page_of(format::Ordinal{o}) == shape.page_of(format::Ordinal{to})) ++graph.local_edges;
    }
  }
  return graph;
}

std::uint64_t checksum_at(std::span<const std::byte> file, std::uint64_t at) {
  std::uint64_t sum;
  std::memcpy(&sum, file.data() + at, sizeof sum);
  return sum;
}

/// Compares the checksum of each block of one level with what the level above says.
Result<void> verify_level(std::span<const std::byte> file, const format::Manifest& m, const format::Section& s,
                          std::uint32_t level) {
  const auto shape = format::TreeShape::of(s.length);
  const auto start = [&](std::uint32_t of) {
    return of == 0 ? s.offset : s.tree_offset + shape.first_block[of - 1] * kBlockBytes;
  };
  const std::uint64_t blocks = level == 0 ? (s.length + kBlockBytes - 1) / kBlockBytes : shape.block_count[level - 1];
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t at = start(level) + i * kBlockBytes;
    const std::uint64_t wanted = level == shape.levels ? s.root : checksum_at(file, start(level + 1) + i * 8);
    if (format::block_checksum(file.subspan(at, kBlockBytes), m.file_id, s.serial, level, i) != wanted) {
      return Error{Code::kCorrupt, "a block does not match its checksum", {}, at, 0};
    }
  }
  return {};
}

Result<void> verify_pages(std::span<const std::byte> file, const format::Manifest& m, const format::Section& s) {
  const format::Segment& segment = m.segments[s.segment];
  const auto shape = m.graphs[s.segment].shape(segment, m.fields[s.field]);
  for (std::uint32_t page = 0; page < s.count; ++page) {
    const std::uint64_t at = s.offset + std::uint64_t{page} * shape.page_bytes;
    const auto bytes = file.subspan(at, shape.page_bytes);
    NEARLINE_CHECK(check_page(shape, bytes, page, segment.count, at));
    NEARLINE_CHECK(format::check_seal(bytes, m.file_id, s.serial, page, at));
  }
  return {};
}

}  // namespace

IndexAssembler::IndexAssembler(format::Manifest manifest)
    : manifest_(std::move(manifest)), bytes_(format::kDataStart) {}

void IndexAssembler::add_section(format::Section section, std::span<const std::byte> data) {
  section.offset = bytes_.size();
  section.length = data.size();
  section.serial = manifest_.next_serial++;
  std::vector<std::byte> padded(data.begin(), data.end());
  padded.resize((data.size() + kBlockBytes - 1) / kBlockBytes * kBlockBytes);
  for (std::uint32_t page = 0; format::is_sealed(section.kind) && page < section.count; ++page) {
    format::seal_page(std::span(padded).subspan(std::size_t{page} * section.element_bytes, section.element_bytes),
                      manifest_.file_id, section.serial, page);
  }
  format::TreeBuilder builder(manifest_.file_id, section.serial);
  builder.add(padded);
  const auto tree = builder.finish();
  bytes_.insert(bytes_.end(), padded.begin(), padded.end());
  if (!tree.bytes.empty()) {
    section.tree_offset = bytes_.size();
    section.tree_bytes = tree.bytes.size();
    section.root = tree.root;
    bytes_.insert(bytes_.end(), tree.bytes.begin(), tree.bytes.end());
  }
  manifest_.sections.push_back(section);
}

void IndexAssembler::commit() {
  ++manifest_.generation;
  if (last_manifest_.length > 0) {
    last_manifest_.freed_in = manifest_.generation;
    manifest_.free.push_back(last_manifest_);
  }
  const std::vector<std::byte> manifest = encode(manifest_);
  last_manifest_ = {.offset = bytes_.size(), .length = manifest.size()};
  bytes_.insert(bytes_.end(), manifest.begin(), manifest.end());
  const format::Superblock superblock{.major = kFormatMajor,
                                      .minor = kFormatMinor,
                                      .features = {},
                                      .file_id = manifest_.file_id,
                                      .generation = manifest_.generation,
                                      .committed_bytes = bytes_.size(),
                                      .manifest_offset = last_manifest_.offset,
                                      .manifest_bytes = last_manifest_.length,
                                      .manifest_hash = format::hash128(manifest)};
  write_superblock(format::slot_of(manifest_.generation), superblock);
  if (manifest_.generation == 1) write_superblock(0, superblock);
}

void IndexAssembler::write_superblock(std::uint32_t slot, const format::Superblock& superblock) {
  format::Superblock placed = superblock;
  placed.slot = slot;
  const format::Block block = encode(placed);
  std::copy(block.begin(), block.end(), bytes_.begin() + std::ptrdiff_t{slot} * kBlockBytes);
}

std::vector<std::byte> counting(std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i % 251);
  return data;
}

format::CodeBook tiny_book(std::uint32_t dim) {
  format::CodeBook book;
  book.dim = dim;
  book.offset = {.low = -2, .step = 0.5F};
  book.factor = {.low = -3, .step = 0.25F};
  book.error = 0.125F;
  for (std::uint32_t i = 0; i < dim; ++i) book.mean.push_back(static_cast<float>(i + 1));
  book.widths = {1, 2};
  book.axes.assign(std::size_t{3} * dim, 0.0F);
  book.axes[1] = 1;
  book.axes[dim] = 1;
  book.axes[std::size_t{2} * dim + 2] = -1;
  for (std::uint32_t i = 0; i < 3 * format::kCentroids; ++i) book.centroids.push_back(static_cast<float>(i % 7));
  return book;
}

IndexAssembler tiny_index(const TinySpec& spec) {
  format::Manifest manifest;
  for (std::size_t i = 0; i < manifest.file_id.size(); ++i) manifest.file_id[i] = static_cast<std::uint8_t>(i * 17);
  manifest.file_id[0] = spec.file_number;
  format::Settings settings{.degree = std::max(spec.degree, format::kLeastBuildDegree)};
  settings.l_build = std::max(settings.l_build, settings.degree);
  if (spec.fused) {
    settings.layout = Layout::kFused;
    settings.code_bytes = spec.fused->code_bytes;
    settings.page_records = spec.fused->slots;
  }
  manifest.fields.push_back(
      {.name = "vector", .dim = spec.dim, .type = spec.type, .metric = spec.metric, .settings = settings});
  IndexAssembler file(std::move(manifest));
  add_segment(file, spec);
  return file;
}

void add_segment(IndexAssembler& file, const TinySpec& spec) {
  const auto shape = shape_of(spec);
  const auto row = static_cast<std::uint32_t>(file.manifest().segments.size());
  if (spec.field == 0) file.manifest().live_count += spec.count;
  if (spec.count > 0) {
    Id& next = file.manifest().next_id;
    next = format::next_id_after(next, spec.above + spec.step * spec.count);
  }
  format::Segment segment{.count = spec.count, .id_bytes = spec.id_bytes};
  if (spec.count > 0) segment.first_id = spec.above + spec.step, segment.last_id = spec.above + spec.step * spec.count;
  const auto keys = format::KeyShape::of(segment);
  file.manifest().segments.push_back(segment);
  file.manifest().graphs.push_back(graph_of(shape, spec, row));
  file.add_section({.kind = format::SectionKind::kGraphPages,
                    .field = spec.field,
                    .segment = row,
                    .count = shape.pages(spec.count),
                    .element_bytes = shape.page_bytes},
                   graph_pages(shape, spec));
  const std::uint32_t entries = spec.count == 0 ? 0 : 1;
  const std::uint32_t entry = spec.count / 2;
  file.add_section({.kind = format::SectionKind::kEntryPoints,
                    .field = spec.field,
                    .segment = row,
                    .count = entries,
                    .element_bytes = 4},
                   std::as_bytes(std::span(&entry, entries)));
  const bool in_order = keys.dense() && (spec.rising || spec.count == 1);
  file.add_section({.kind = format::SectionKind::kKeys,
                    .field = format::Section::kNone,
                    .segment = row,
                    .count = in_order ? 0 : keys.blocks(),
                    .element_bytes = kBlockBytes},
                   in_order ? std::vector<std::byte>() : key_blocks(keys, spec));
  if (!spec.fused) return;
  const std::vector<std::byte> book = encode(tiny_book(spec.dim));
  file.add_section({.kind = format::SectionKind::kCodes,
                    .optional = true,
                    .field = spec.field,
                    .segment = row,
                    .count = entries,
                    .element_bytes = spec.fused->code_bytes},
                   counting(std::size_t{entries} * spec.fused->code_bytes));
  file.add_section({.kind = format::SectionKind::kCodeParameters,
                    .optional = true,
                    .field = spec.field,
                    .segment = row,
                    .count = 1,
                    .element_bytes = static_cast<std::uint32_t>(book.size())},
                   book);
}

namespace {

Result<format::Choice> choose(std::span<const std::byte> file) {
  std::vector<std::byte> slots(file.begin(),
                               file.begin() + std::min<std::ptrdiff_t>(format::kDataStart, std::ssize(file)));
  slots.resize(format::kDataStart);
  const std::span<const std::byte, format::kDataStart> both(slots.data(), format::kDataStart);
  return format::choose_superblock(both.first<kBlockBytes>(), both.last<kBlockBytes>(), file.size());
}

}  // namespace

Result<format::Manifest> open_bytes(std::span<const std::byte> file) {
  NEARLINE_TRY(choice, choose(file));
  const format::Superblock& superblock = choice.superblock;
  return decode_manifest(file.subspan(superblock.manifest_offset, superblock.manifest_bytes), superblock);
}

Result<void> verify_bytes(std::span<const std::byte> file) {
  NEARLINE_TRY(choice, choose(file));
  if (!choice.other_valid) return choice.other_error;
  NEARLINE_TRY(manifest, open_bytes(file));
  for (const format::Section& section : manifest.sections) {
    for (std::uint32_t level = 0; section.length > 0 && level <= format::TreeShape::of(section.length).levels;
         ++level) {
      NEARLINE_CHECK(verify_level(file, manifest, section, level));
    }
    if (section.kind == format::SectionKind::kGraphPages) NEARLINE_CHECK(verify_pages(file, manifest, section));
  }
  return {};
}

}  // namespace nearline::testing
