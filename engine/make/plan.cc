// SPDX-License-Identifier: Apache-2.0
#include "engine/make/plan.h"
#include "engine/columns/value_check.h"

#include <algorithm>
#include <string>

#include "engine/codes/code_training.h"
#include "engine/file/index_file.h"
#include "engine/link/link.h"
#include "engine/make/assembly.h"
#include "engine/make/code_writer.h"
#include "engine/make/flat_segment.h"
#include "engine/make/fused_form.h"
#include "engine/make/fused_writer.h"
#include "engine/make/input_order.h"
#include "engine/segment/effort.h"
#include "engine/space/field_schema.h"
#include "engine/threads.h"
#include "format/checksum_tree.h"
#include "format/superblock.h"

namespace nearline::engine {
namespace {

/// Fewer records get no codes by default: they are soon read whole.
constexpr std::uint64_t kLeastCoded = 1024;
/// Codes must be so many times smaller than vectors where `code_bytes` is left open.
constexpr std::uint64_t kWorthCoding = 2;

/// Pages of the image while linking: large, so that their ends waste next to nothing.
constexpr std::uint32_t kImagePageBytes = 1u << 18;
/// Buffers that do not grow with the input: writers, readers, the allocator's own.
constexpr std::uint64_t kFixedBytes = 4u << 20;
/// Room for what linking threads take: the least, and how much more in parts, where it grows with the bound. The file
/// must not depend on the threads, so the threads follow from the room.
constexpr std::uint64_t kLeastWorkerRoom = 4u << 20;
constexpr std::uint64_t kMoreWorkerRoom = 60u << 20;
constexpr std::uint64_t kWorkerShare = 16;

std::uint64_t section_bytes(std::uint64_t data) noexcept {
  const std::uint64_t blocks = (data + format::kBlockBytes - 1) / format::kBlockBytes;
  return blocks * format::kBlockBytes + format::TreeShape::of(data).bytes();
}

format::PageShape image_shape(format::PageShape shape, std::uint32_t degree) noexcept {
  shape.degree = degree;
  shape.slot_bytes =
      static_cast<std::uint32_t>(shape.list_place() + format::packed_bytes(shape.degree, shape.neighbor_bits));
  const std::uint32_t overhead = sizeof(format::GraphPageHeader) + format::kSealBytes;
  shape.page_bytes = std::max(kImagePageBytes, shape.slot_bytes + overhead);
  shape.slots = (shape.page_bytes - overhead) / shape.slot_bytes;
  return shape;
}

std::uint32_t code_bytes_of(std::uint64_t count, const Schema& schema, const BuildOptions& options) noexcept {
  if (options.code_bytes != Count::kAuto) return options.code_bytes;
  if (count < kLeastCoded) return 0;
  const std::uint32_t bytes = default_code_bytes(schema.dim);
  const bool worth =
      format::can_code(schema.metric, schema.dim) && kWorthCoding * bytes <= vector_bytes(schema.type, schema.dim);
  return worth && axes_bytes(schema.dim) <= options.memory_bytes / 2 ? bytes : 0;
}

/// Bytes a record beside the image: a tree and waiting back edges in linking; order, its inverse and ids in writing.
constexpr std::uint64_t kTableBytes = 20;

/// Bytes a record beside a part's image: its parts, the final order, its inverse, ids and their order; before that,
/// what sorting takes.
constexpr std::uint64_t kPartTableBytes = std::max<std::uint64_t>(24, kSortBytes);
constexpr std::uint64_t kPartFixedBytes = kFixedBytes + (6u << 20);
constexpr std::uint64_t kLeastPart = 4096;
constexpr std::uint64_t kMostParts = 4096;
/// Parts together have room for this many records, per record: two, and room to fill parts unevenly.
constexpr double kOverlap = 2.3;

std::uint64_t image_bytes(const format::PageShape& shape, std::uint64_t count) noexcept {
  return shape.pages(count) * shape.page_bytes;
}

/// Bytes of one record of a part while it is linked: its share of a page, whose end fits no further one, and its rows'
/// tables.
std::uint64_t part_record_bytes(const format::PageShape& shape) noexcept {
  return (shape.page_bytes + shape.slots - 1) / shape.slots + kTableBytes + 12;
}

/// Bytes that writing takes beside the image and the tables.
std::uint64_t writer_bytes(const BuildPlan& plan, std::uint64_t count) noexcept {
  return plan.file_shape.layout == Layout::kFused ? FusedWriter::memory_bytes(plan.file_shape, count) : 0;
}

/// Bytes of the file that codes and their book take.
std::uint64_t code_section_bytes(const BuildPlan& plan, std::uint64_t count, std::uint64_t dim) noexcept {
  if (plan.code_bytes == 0) return 0;
  const std::uint64_t codes = plan.file_shape.layout == Layout::kFused ? fused_entry_count(count) : count;
  const std::uint64_t axes = std::min<std::uint64_t>(dim, 8 * (plan.code_bytes - format::kCodeHeadBytes));
  return section_bytes(codes * plan.code_bytes) + section_bytes(dim * 4 + axes * (dim + format::kCentroids) * 4);
}

std::uint32_t threads_in(std::uint64_t room, const format::PageShape& shape, const BuildOptions& options) noexcept {
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(room / link_worker_bytes(shape), 1, thread_count(options.threads)));
}

/// Divides a build that does not fit as a whole but can in parts. coding: bytes that codes hold all the time.
void divide(BuildPlan& plan, std::uint64_t count, std::uint64_t coding, const BuildOptions& options) noexcept {
  const format::PageShape shape = image_shape(plan.lean_shape, options.degree / 2);
  const auto together = static_cast<std::uint64_t>(static_cast<double>(count) * kOverlap);
  const std::uint64_t tables =
      kPartFixedBytes + coding + count * kPartTableBytes + shape.page_bytes + writer_bytes(plan, count);
  const std::uint64_t least_part = std::max(kLeastPart, together / kMostParts + 1);
  const std::uint64_t least = tables + kLeastWorkerRoom + least_part * part_record_bytes(shape);
  const bool whole = plan.memory_bytes <= options.memory_bytes;
  plan.least_bytes = std::min(plan.memory_bytes, least);
  if (whole || least > options.memory_bytes) return;
  const std::uint64_t room =
      kLeastWorkerRoom + std::min((options.memory_bytes - least) / kWorkerShare, kMoreWorkerRoom);
  plan.part_records = (options.memory_bytes - tables - room) / part_record_bytes(shape);
  plan.parts = static_cast<std::uint32_t>(together / plan.part_records + 1);
  if (plan.part_records >= count) {  // in two parts each record would be in both
    plan.parts = 3;
    plan.part_records = together / 3 + 1;
  }
  plan.image_shape = shape;
  plan.threads = threads_in(room, shape, options);
  plan.memory_bytes = tables + room + plan.part_records * part_record_bytes(shape);
}

/// As of ids in a row; of large ones as of ids that are not.
std::uint64_t key_bytes(std::uint64_t count, std::uint8_t id_bytes) noexcept {
  return count * (id_bytes == sizeof(Id) ? sizeof(Id) + sizeof(std::uint32_t) : sizeof(std::uint32_t));
}

std::uint64_t bytes_of_file(const BuildPlan& plan, std::uint64_t count, bool calibrated) noexcept {
  const std::uint64_t bytes =
      format::kDataStart + section_bytes(plan.file_shape.pages(count) * plan.file_shape.page_bytes) +
      section_bytes(key_bytes(count, plan.file_shape.id_bytes)) + plan.code_section_bytes + 4 * format::kBlockBytes;
  return calibrated ? bytes + 2 * format::kBlockBytes : bytes;  // the steps, and a manifest that knows of them
}

/// The shapes of pages. Fused ones may be impossible: then they have no slots.
BuildPlan shape_build(std::uint32_t code_bytes, const format::PageShape& lean, const BuildOptions& options) noexcept {
  BuildPlan plan;
  plan.lean_shape = lean;
  plan.image_shape = image_shape(lean, options.degree);
  plan.fused = options.layout == Layout::kFused;
  plan.page_records = options.page_records;
  plan.code_bytes = code_bytes;
  fit_pages(plan, code_bytes);
  return plan;
}

/// Fills in what the plan takes. The memory may be above the bound: then the plan is impossible.
void reckon(BuildPlan& plan, std::uint64_t count, const Schema& schema, const BuildOptions& options) noexcept {
  plan.part_records = count;
  plan.code_section_bytes = code_section_bytes(plan, count, schema.dim);
  plan.file_bytes = bytes_of_file(plan, count, options.calibrate && count >= kLeastCalibrated);
  plan.least_file_bytes = format::kDataStart + plan.lean_shape.pages(count) * plan.lean_shape.page_bytes;
  const std::uint64_t coding = plan.code_bytes == 0 ? 0 : coding_bytes(schema.dim, plan.code_bytes);
  const std::uint64_t beside =
      kFixedBytes + coding + count * kTableBytes + image_bytes(plan.image_shape, count) + writer_bytes(plan, count);
  plan.memory_bytes = beside + kLeastWorkerRoom;
  divide(plan, count, coding, options);
  std::uint64_t training = 0;
  if (plan.code_bytes > 0) {
    const std::uint64_t least = kFixedBytes + training_bytes(count, schema.dim, plan.code_bytes, 0);
    plan.least_bytes = std::max(plan.least_bytes, least);
    plan.sample_bytes =
        std::min(options.memory_bytes / 4, options.memory_bytes - std::min(options.memory_bytes, least));
    training = kFixedBytes + training_bytes(count, schema.dim, plan.code_bytes, plan.sample_bytes);
  }
  plan.calibration_bytes = std::max(plan.memory_bytes, training) - kFixedBytes - coding;
  if (plan.parts == 1) {  // more threads where there is room for them
    const std::uint64_t room = std::max(options.memory_bytes, plan.memory_bytes) - beside;
    plan.threads = threads_in(room, plan.image_shape, options);
    plan.memory_bytes = std::max(plan.memory_bytes, beside + plan.threads * link_worker_bytes(plan.image_shape));
  }
  plan.memory_bytes = std::max(plan.memory_bytes, training);
}

Error over_budget(const BuildOptions& options, const BuildPlan& plan) {
  return {.code = Code::kOverBudget,
          .what = "a memory bound of " + std::to_string(options.memory_bytes) + " bytes: this build needs at least " +
                  std::to_string(plan.least_bytes)};
}

/// Plans for the layout that serves the memory which searches will have: fused pages where that has no room for all
/// codes, unless only lean ones can be built within the bound.
Result<BuildPlan> plan_for_search(std::uint64_t count, const Schema& schema, BuildOptions options,
                                  std::uint8_t id_bytes) {
  options.layout = Layout::kLean;
  NEARLINE_TRY(lean, plan_build(count, schema, options, id_bytes));
  const SearchNeeds needs = search_needs(lean, count, schema, true);
  if (lean.code_bytes == 0 || least_search_bytes(needs, 1, IoMode::kPread) <= options.search_memory_bytes) return lean;
  options.layout = Layout::kFused;
  auto fused = plan_build(count, schema, options, id_bytes);
  if (!fused) return lean;
  fused->least_bytes = lean.least_bytes;
  return fused;
}

}  // namespace

Result<void> check_build(const Schema& schema, const BuildOptions& options) {
  const auto invalid = [](const char* option, const std::string& found, const char* expected) {
    return Error{.code = Code::kInvalidArgument,
                 .what = std::string(option) + " of " + found + ": expected " + expected};
  };
  if (schema.dim == 0 || schema.dim > kMaxDim) return invalid("dimension", std::to_string(schema.dim), "1 to 65535");
  if (!compatible(schema.metric, schema.type)) {
    return invalid("metric", std::string(name(schema.metric)) + " over " + std::string(name(schema.type)),
                   "hamming or jaccard for b1, and l2, ip or cosine for all other types");
  }
  NEARLINE_CHECK(check_attributes(schema.attributes));
  if (options.degree < 4 || options.degree > 1024)
    return invalid("degree R", std::to_string(options.degree), "4 to 1024");
  if (options.l_build < options.degree || options.l_build > 4096) {
    return invalid("l_build", std::to_string(options.l_build), "at least the degree and at most 4096");
  }
  if (!(options.alpha >= 1 && options.alpha <= 2)) return invalid("alpha", std::to_string(options.alpha), "1 to 2");
  if (options.code_bytes != 0 && options.code_bytes != Count::kAuto) {
    if (options.code_bytes <= format::kCodeHeadBytes ||
        options.code_bytes > format::kCodeHeadBytes + format::kMaxCodeParts)
      return invalid("code bytes", std::to_string(options.code_bytes), "0 for none, or 5 to 1028");
    if (!format::can_code(schema.metric, schema.dim)) {
      return invalid("code bytes", std::to_string(options.code_bytes),
                     "0: codes are for l2, ip and cosine and for at most 4096 dimensions");
    }
  }
  if (options.page_records != Count::kAuto && options.layout != Layout::kFused)
    return invalid("page records", std::to_string(options.page_records), "auto where pages are not fused");
  if (options.page_records == 0) return invalid("page records", "0", "auto, or 1 and up");
  if (options.layout == Layout::kFused && (options.code_bytes == 0 || !format::can_code(schema.metric, schema.dim))) {
    return invalid("layout", "fused",
                   "lean where there are no codes; they are for l2, ip and cosine and for at most 4096 dimensions");
  }
  return check_threads(options.threads);
}

BuildOptions options_for(const Schema& field, std::uint32_t number, const BuildOptions& options) {
  BuildOptions own = options;
  if (number == kPrimaryField || format::can_code(field.metric, field.dim)) return own;
  own.code_bytes = Count::kAuto;
  own.page_records = Count::kAuto;
  own.layout = Layout::kLean;
  return own;
}

Result<void> check_fields(const Schema& schema, const BuildOptions& options) {
  NEARLINE_CHECK(check_field_names(schema));
  for (std::uint32_t f = 0; f < field_count(schema); ++f) {
    const Schema field = field_schema(schema, f);
    auto checked = check_build(field, options_for(field, f, options));
    if (checked) continue;
    if (f != kPrimaryField) checked.error().what = "field '" + field.name + "': " + checked.error().what;
    return checked;
  }
  return {};
}

void fit_pages(BuildPlan& plan, std::uint32_t code_bytes) noexcept {
  plan.file_shape =
      plan.fused && code_bytes > 0
          ? format::fused_shape(plan.lean_shape, choose_fused_form(plan.lean_shape, code_bytes, plan.page_records))
          : plan.lean_shape;
}

SearchNeeds search_needs(const BuildPlan& plan, std::uint64_t count, const Schema& schema, bool codes) noexcept {
  const bool fused = plan.file_shape.layout == Layout::kFused;
  SearchNeeds needs{.shape = plan.file_shape,
                    .count = count,
                    .entries = fused ? fused_entry_count(count) : 2 * std::uint64_t{entry_count(count)}};
  if (plan.code_bytes == 0 || !(codes || fused)) return needs;
  needs.code_bytes = (fused ? needs.entries : count) * plan.code_bytes + coding_bytes(schema.dim, plan.code_bytes);
  needs.kept_parts = needs.code_parts = plan.code_bytes - format::kCodeHeadBytes;
  return needs;
}

Result<BuildPlan> plan_stored(std::uint64_t count, const Schema& schema, const BuildOptions& options,
                              std::uint8_t id_bytes) {
  const auto shape = format::PageShape::choose(count, schema.dim, schema.type, schema.metric, kLeastDegree, id_bytes);
  const std::uint64_t row_bytes = sizeof(Id) + shape.vector_bytes, all = count * row_bytes;
  const std::uint64_t beside = kFixedBytes + count * kSortBytes;
  const std::uint64_t fewest = (count >> 16) + 1;  // rows at once: the others' places among them have 16 bits
  BuildPlan plan{.file_shape = shape, .lean_shape = shape, .image_shape = shape};
  plan.least_bytes = beside + std::min(all, kSortBufferBytes + fewest * row_bytes);
  if (options.memory_bytes < plan.least_bytes) return over_budget(options, plan);
  if (options.memory_bytes - beside >= all) {
    plan.part_records = count;
    plan.memory_bytes = beside + all;
  } else {
    plan.part_records = (options.memory_bytes - beside - kSortBufferBytes) / row_bytes;
    plan.memory_bytes = options.memory_bytes;
  }
  plan.file_bytes = plan.least_file_bytes = format::kDataStart + shape.pages(count) * shape.page_bytes;
  return plan;
}

Result<BuildPlan> plan_build(std::uint64_t count, const Schema& schema, const BuildOptions& options,
                             std::uint8_t id_bytes) {
  if (options.layout == Layout::kAuto) return plan_for_search(count, schema, options, id_bytes);
  const auto lean = format::PageShape::choose(count, schema.dim, schema.type, schema.metric, options.degree, id_bytes);
  const std::uint32_t code_bytes = options.layout != Layout::kFused     ? code_bytes_of(count, schema, options)
                                   : options.code_bytes != Count::kAuto ? options.code_bytes
                                                                        : fused_code_bytes(lean, options.page_records);
  BuildPlan plan = shape_build(code_bytes, lean, options);
  if (plan.file_shape.slots == 0) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "page records of " + std::to_string(options.page_records) +
                         ": expected so few that a page of 64 KiB holds them and the codes of their neighbours"};
  }
  reckon(plan, count, schema, options);
  if (options.code_bytes == Count::kAuto && plan.code_bytes > 0 &&
      !plan.fused) {  // where they do not fit there are none
    BuildPlan without = shape_build(0, lean, options);
    reckon(without, count, schema, options);
    if (plan.memory_bytes > options.memory_bytes) plan = without;
    plan.least_bytes = without.least_bytes;
  }
  if (plan.memory_bytes > options.memory_bytes) {
    return over_budget(options, plan);
  }
  return plan;
}

}  // namespace nearline::engine
