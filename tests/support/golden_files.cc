// SPDX-License-Identifier: Apache-2.0
#include "tests/support/golden_files.h"

#include <cstdio>
#include <limits>

#include "format/calibration.h"
#include "format/code_book.h"
#include "format/fields.h"
#include "format/inspect.h"
#include "format/superblock.h"
#include "format/transform.h"
#include "tests/support/tiny_columns.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {
namespace {

using format::Section;
using format::SectionKind;

std::vector<std::byte> committed(IndexAssembler file) {
  file.commit();
  return file.bytes();
}

/// A second commit that says the same: the first one's manifest becomes free space.
std::vector<std::byte> two_commits() {
  IndexAssembler file = tiny_index({.count = 3, .dim = 8, .type = ElementType::kI8, .metric = Metric::kIp});
  file.commit();
  file.commit();
  return file.bytes();
}

/// The same, and the second commit is relaxed.
std::vector<std::byte> relaxed_commit() {
  IndexAssembler file = tiny_index({.count = 3, .dim = 8, .type = ElementType::kI8, .metric = Metric::kIp});
  file.commit();
  file.commit();
  std::vector<std::byte> bytes = file.bytes();
  const auto newest = std::span(bytes).first<format::kBlockBytes>();  // generation 2
  auto superblock = format::decode_superblock(newest, 0, bytes.size()).value();
  for (std::uint8_t& byte : superblock.boot) byte = static_cast<std::uint8_t>(0xB0 + (&byte - superblock.boot.data()));
  std::ranges::copy(format::encode(superblock), newest.begin());
  return bytes;
}

/// Every kind of section that has a number: those that are not defined yet as bytes that readers ignore, most of them
/// empty to keep the file small; and one kind that nobody knows.
std::vector<std::byte> all_sections() {
  IndexAssembler file = tiny_index({.count = 9, .dim = 4, .type = ElementType::kF16, .metric = Metric::kCosine});
  const std::vector<TinyColumn> columns = tiny_columns(9);
  add_values(file, {columns[0], columns[4]}, tiny_payloads(9));
  const auto add = [&](SectionKind kind, std::uint64_t count, std::uint32_t size, std::uint32_t segment) {
    file.add_section({.kind = kind,
                      .optional = true,
                      .field = segment == 0 ? 0 : Section::kNone,
                      .segment = segment,
                      .count = count,
                      .element_bytes = size},
                     counting(count * size));
  };
  add(SectionKind::kCodes, 9, 16, 0);
  for (const SectionKind kind : {SectionKind::kVectors, SectionKind::kCodeParameters, SectionKind::kPayloadDictionary,
                                 SectionKind::kCalibration, SectionKind::kQueries, static_cast<SectionKind>(0x7FFF)}) {
    add(kind, 0, 1, Section::kNone);
  }
  return committed(std::move(file));
}

std::vector<std::byte> with_codes() {
  const TinySpec spec;
  const format::CodeBook book = tiny_book(spec.dim);
  IndexAssembler file = tiny_index(spec);
  file.add_section(
      {.kind = SectionKind::kCodes, .optional = true, .count = spec.count, .element_bytes = book.code_bytes()},
      counting(std::size_t{spec.count} * book.code_bytes()));
  const std::vector<std::byte> bytes = encode(book);
  file.add_section({.kind = SectionKind::kCodeParameters,
                    .optional = true,
                    .count = 1,
                    .element_bytes = static_cast<std::uint32_t>(bytes.size())},
                   bytes);
  return committed(std::move(file));
}

/// What walks of the field's two rankings reached, and the queries that they were made for.
std::vector<std::byte> with_calibration() {
  const TinySpec spec;
  const format::Calibration calibration{
      .source = format::CalibratedOn::kQueries,
      .queries = 5,
      .norm = 0.5F,
      .steps = {{.ranking = format::kRankedExactly, .k = 1, .l = 3, .slack = 0, .recall = 0.75F},
                {.ranking = format::kRankedExactly, .k = 1, .l = 4, .slack = 0.25F, .recall = 1},
                {.ranking = format::kRankedExactly, .k = 2, .l = 4, .slack = 0, .recall = 0.5F},
                {.ranking = format::kRankedByCodes,
                 .k = 2,
                 .l = 4,
                 .slack = std::numeric_limits<float>::infinity(),
                 .recall = 1}}};
  IndexAssembler file = tiny_index(spec);
  const std::vector<std::byte> bytes = encode(calibration);
  file.add_section({.kind = SectionKind::kCalibration,
                    .optional = true,
                    .count = 1,
                    .element_bytes = static_cast<std::uint32_t>(bytes.size())},
                   bytes);
  const std::vector<float> queries{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  file.add_section({.kind = SectionKind::kQueries,
                    .optional = true,
                    .segment = Section::kNone,
                    .count = 5,
                    .element_bytes = spec.dim * 4},
                   std::as_bytes(std::span(queries)));
  return committed(std::move(file));
}

/// Records of four components that become three, and queries of two; every kind of step but the one to learn more of.
std::vector<std::byte> with_transform() {
  const TinySpec spec;
  const auto step = [](StepKind kind, std::uint32_t out_dim, std::vector<float> numbers) {
    TransformStep made{.kind = kind, .out_dim = out_dim};
    if (!numbers.empty()) made.numbers = std::make_shared<const std::vector<float>>(std::move(numbers));
    return made;
  };
  const Transform records{.in_dim = 4,
                          .steps = {step(StepKind::kNormalize, 4, {}), step(StepKind::kCenter, 4, {1, 2, 3, 4}),
                                    step(StepKind::kPca, 4, {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0}),
                                    TransformStep::sparse_random(4, 7),
                                    step(StepKind::kRelative, 3, {1, 0, 0, 0, 0, 1, 0, 0, 0.6F, 0, 0.8F, 0})}};
  Transform queries{.in_dim = 2,
                    .steps = {TransformStep::matrix(std::vector<float>{1, 0, 0, 1, 0.5F, 0.5F, 2, 3}, 4),
                              step(StepKind::kField, 3, {})}};
  IndexAssembler file = tiny_index(spec);
  file.manifest().fields[0].transform = 0;
  file.manifest().transforms = {{.in_dim = 4, .query_dim = 2}};
  const std::vector<std::byte> bytes = encode(format::Transforms{.records = records, .queries = queries}, spec.dim);
  file.add_section(
      {.kind = SectionKind::kTransform, .segment = Section::kNone, .count = bytes.size(), .element_bytes = 1}, bytes);
  return committed(std::move(file));
}

/// Two segments, of which the second has no graph, and tombstones in the first.
std::vector<std::byte> with_segments() {
  TinySpec spec;
  IndexAssembler file = tiny_index(spec);
  file.commit();
  file.manifest().segments[0].deleted = 2;
  file.manifest().live_count -= 2;
  const std::byte dead{0b01001};
  file.add_section({.kind = SectionKind::kTombstones, .field = Section::kNone, .count = 1, .element_bytes = 1},
                   std::span(&dead, 1));
  spec = {.count = 3, .degree = 1, .above = 1000, .step = 1, .rising = true, .flat = true};
  add_segment(file, spec);
  return committed(std::move(file));
}

/// Three fields: of the second two of the five records have a vector, and one that was deleted; the third is stored
/// only.
std::vector<std::byte> with_fields() {
  TinySpec spec;
  IndexAssembler file = tiny_index(spec);
  file.manifest().fields.push_back(
      {.name = "bits", .dim = 12, .type = ElementType::kB1, .metric = Metric::kHamming, .settings = {.degree = 4}});
  file.manifest().fields.push_back({.name = "raw",
                                    .dim = 2,
                                    .type = ElementType::kF16,
                                    .metric = Metric::kIp,
                                    .indexed = false,
                                    .settings = {.degree = 4}});
  add_segment(file, {.count = 3, .dim = 12, .type = ElementType::kB1, .metric = Metric::kHamming, .field = 1});
  file.manifest().segments[1].deleted = 1;
  const std::byte dead{0b010};
  file.add_section(
      {.kind = SectionKind::kTombstones, .field = Section::kNone, .segment = 1, .count = 1, .element_bytes = 1},
      std::span(&dead, 1));
  add_segment(file, {.count = 4,
                     .dim = 2,
                     .type = ElementType::kF16,
                     .metric = Metric::kIp,
                     .degree = 1,
                     .field = 2,
                     .rising = true,
                     .flat = true});
  return committed(std::move(file));
}

format::ReadBytes reader_of(const std::vector<std::byte>& file) {
  return [&file](std::uint64_t at, std::uint64_t bytes) -> Result<std::vector<std::byte>> {
    const auto from = file.begin() + static_cast<std::ptrdiff_t>(at);
    return std::vector<std::byte>(from, from + static_cast<std::ptrdiff_t>(bytes));
  };
}

}  // namespace

std::vector<GoldenFile> golden_files() {
  return {
      {"v1_empty", committed(tiny_index({.count = 0}))},
      {"v1_small", committed(tiny_index({}))},
      {"v1_two_pages",
       committed(
           tiny_index({.count = 40, .dim = 128, .type = ElementType::kU8, .metric = Metric::kCosine, .degree = 8}))},
      {"v1_bits",
       committed(tiny_index(
           {.count = 7, .dim = 20, .type = ElementType::kB1, .metric = Metric::kHamming, .id_bytes = 8, .step = 1}))},
      {"v1_keys", committed(tiny_index({.count = 350,
                                        .dim = 8,
                                        .type = ElementType::kB1,
                                        .metric = Metric::kHamming,
                                        .degree = 2,
                                        .id_bytes = 8,
                                        .above = Id{1} << 40}))},
      {"v1_bf16_wide",
       committed(tiny_index({.count = 2, .dim = 1500, .type = ElementType::kBF16, .metric = Metric::kIp}))},
      {"v1_two_commits", two_commits()},
      {"v1_relaxed", relaxed_commit()},
      {"v1_all_sections", all_sections()},
      {"v1_codes", with_codes()},
      {"v1_calibration", with_calibration()},
      {"v1_transform", with_transform()},
      {"v1_segments", with_segments()},
      {"v1_fields", with_fields()},
      {"v1_columns", index_with_columns()},
      {"v1_two_runs", index_with_two_runs()},
      {"v1_fused", committed(tiny_index(
                       {.count = 11,
                        .dim = 5,
                        .type = ElementType::kU8,
                        .metric = Metric::kCosine,
                        .fused = format::FusedForm{.page_bytes = 4096, .slots = 4, .targets = 9, .code_bytes = 6}}))},
      {"v1_wide_pages",
       committed(
           tiny_index({.count = 9, .dim = 550, .type = ElementType::kF16, .metric = Metric::kIp, .page_bytes = 8192}))},
  };
}

Result<void> read_all(const std::vector<std::byte>& file) {
  NEARLINE_TRY(manifest, open_bytes(file));
  static_cast<void>(manifest);
  return format::inspect(file.size(), reader_of(file), true, [](const format::InspectItem&) {});
}

std::string annotated(const std::vector<std::byte>& file) {
  constexpr std::size_t kShown = 16;
  std::string text;
  const auto walked = format::inspect(file.size(), reader_of(file), true, [&](const format::InspectItem& item) {
    char place[32];
    std::snprintf(place, sizeof place, "%06llx  ", static_cast<unsigned long long>(item.at));
    std::string hex =
        format::hexadecimal(std::span(file).subspan(item.at, std::min<std::uint64_t>(item.bytes, kShown)));
    if (item.bytes > kShown) hex += "...";
    hex.resize(std::max<std::size_t>(hex.size(), 2 * kShown + 3), ' ');
    text += place + hex + "  " + item.name + " = " + item.value + "\n";
  });
  return walked ? text : walked.error().message() + "\n";
}

}  // namespace nearline::testing
