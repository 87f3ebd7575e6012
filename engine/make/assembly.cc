// SPDX-License-Identifier: Apache-2.0
#include "engine/make/assembly.h"

#include <algorithm>
#include <cmath>

#include "engine/make/calibrate.h"
#include "engine/make/fused_writer.h"
#include "engine/progress.h"
#include "engine/segment/effort.h"
#include "engine/transform/check_transforms.h"
#include "format/checksum.h"
#include "format/transform.h"
#include "io/memory_info.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kMostEntries = 256;

}  // namespace

std::uint32_t entry_count(std::uint64_t records) noexcept {
  const auto wanted = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(records)) / 4);
  return std::clamp<std::uint32_t>(wanted, 1, kMostEntries);
}

Assembly::Assembly(Intake& i, const BuildPlan& p, const Schema& s, const BuildOptions& o, io::FileSystem& f,
                   const std::filesystem::path& d)
    : intake(i),
      plan(p),
      schema(s),
      options(o),
      count(static_cast<std::uint32_t>(i.count())),
      space(s.metric, s.type, s.dim),
      nearness(Nearness::of(space, i.least_squared_norm(), i.largest_squared_norm())),
      threads(p.threads),
      fs(f),
      directory(d) {}

Result<void> Assembly::progress(std::string_view phase, std::uint64_t done) const {
  return report(options.progress, {phase, done, count});
}

Result<void> Assembly::sort() {
  NEARLINE_TRY(content, sort_rows(intake.spill(), fs, directory,
                                  {.seed = options.seed,
                                   .by_id = !schema.indexed,
                                   .rows_at_once = plan.part_records,
                                   .progress = [&](std::uint64_t done) { return progress("sort", done); }}));
  content_ = content;
  io::give_back_freed();
  return {};
}

format::FileId Assembly::identity(std::span<const std::byte> queries) const {
  format::Hasher128 hasher;
  const auto add = [&](auto value) { hasher.update(std::as_bytes(std::span(&value, 1))); };
  add(schema.dim);
  add(schema.type);
  add(schema.metric);
  add(options.degree);
  add(options.l_build);
  add(options.alpha);
  add(options.seed);
  add(plan.parts);
  if (schema.indexed) add(plan.part_records);  // else memory changes how it is made, and not what
  add(plan.code_bytes);
  add(options.calibrate);
  if (plan.file_shape.layout == Layout::kFused) {
    for (const std::uint32_t number : {plan.file_shape.page_bytes, plan.file_shape.slots, plan.file_shape.targets})
      add(number);
  }
  add(content_);
  for (const Attribute& attribute : schema.attributes) {
    add(attribute.type);
    hasher.update(std::as_bytes(std::span(attribute.name)));
    add(attribute.name.size());
  }
  if (intake.values().count() > 0) add(intake.values().digest());
  if (has_transforms(schema)) {
    hasher.update(format::encode({.records = schema.transform, .queries = schema.query_transform}, schema.dim));
  }
  hasher.update(queries);
  return hasher.digest();
}

void Assembly::add_segment(IndexFileWriter& writer) const {
  writer.add_segment({.count = count, .id_bytes = plan.file_shape.id_bytes}, graph_of(plan.file_shape, count));
}

void Assembly::fill(std::byte* record, const format::PageShape& shape, Id id, std::span<const std::byte> vector) const {
  std::memcpy(record, vector.data(), vector.size());
  format::store_id(shape, id, record);
  if (space.has_scale()) format::store_scale(shape, space.scale_of(record), record);
}

Result<std::unique_ptr<PageSink>> Assembly::begin_pages(IndexFileWriter& writer) const {
  format::Section section;
  section.kind = format::SectionKind::kGraphPages;
  section.count = plan.file_shape.pages(count);
  section.element_bytes = plan.file_shape.page_bytes;
  NEARLINE_CHECK(writer.begin(section));
  if (plan.file_shape.layout == Layout::kLean) {
    return std::unique_ptr<PageSink>(std::make_unique<PageWriter>(writer, plan.file_shape, count, codes_.get()));
  }
  NEARLINE_TRY(records, fs.create_unnamed(directory));
  NEARLINE_TRY(targets, fs.create_unnamed(directory));
  return std::unique_ptr<PageSink>(
      std::make_unique<FusedWriter>(writer, plan.file_shape, count, *codes_, std::move(records), std::move(targets)));
}

Result<std::vector<std::uint32_t>> Assembly::end_pages(IndexFileWriter& writer, PageSink& pages,
                                                       std::vector<std::uint32_t> linked) const {
  NEARLINE_CHECK(pages.finish());
  NEARLINE_CHECK(writer.end());
  writer.graph().edges = pages.edges();
  writer.graph().local_edges = pages.local_edges();
  return pages.entries(std::move(linked));
}

Result<void> Assembly::prepare_codes(std::optional<format::CodeBook> book) {
  if (plan.code_bytes == 0) return {};
  book_ = std::move(book);
  if (!book_) {
    NEARLINE_CHECK(progress("learn codes", 0));
    NEARLINE_TRY(learned, train_on(intake.spill(), schema, plan.code_bytes, plan.sample_bytes, threads));
    book_ = std::move(learned);
    io::give_back_freed();
  }
  fit_pages(plan, book_ ? book_->code_bytes() : 0);
  if (!book_) return {};  // all vectors are alike
  NEARLINE_TRY(file, fs.create_unnamed(directory));
  codes_ = std::make_unique<CodeWriter>(*book_, schema, threads, std::move(file));
  return {};
}

Result<void> Assembly::add_calibration(IndexFileWriter& writer, std::optional<format::Calibration> known) const {
  if (known) return writer.add_optional(format::SectionKind::kCalibration, format::encode(*known));
  if (!options.calibrate || count < kLeastCalibrated) return {};
  const auto progress_of = [&](double share) {
    return progress("calibrate", static_cast<std::uint64_t>(share * static_cast<double>(count)));
  };
  io::give_back_freed();
  const IndexFile written(writer.file(), writer.manifest());
  NEARLINE_TRY(queries, written.queries(writer.graph().field));
  NEARLINE_TRY(calibration,
               calibrate(SegmentFile(written, writer.row()),
                         {.memory_bytes = plan.calibration_bytes,
                          .freed_bytes = plan.image_shape.pages(plan.part_records) * plan.image_shape.page_bytes,
                          .threads = threads,
                          .queries = std::move(queries),
                          .progress = progress_of}));
  if (!calibration) return {};
  return writer.add_optional(format::SectionKind::kCalibration, format::encode(*calibration));
}

LinkOptions Assembly::link_options(std::uint32_t degree, std::uint32_t entries) const {
  return {.degree = degree,
          .l = refining_list(options.l_build),
          .alpha = options.alpha,
          .entries = entries,
          .threads = threads,
          .seed = options.seed,
          .progress = options.progress};
}

}  // namespace nearline::engine
