// SPDX-License-Identifier: Apache-2.0
/// The build of an index whose records fit in memory together.
#include "engine/build/assemble.h"

#include "engine/build/assembly.h"
#include "engine/build/pack.h"

namespace nearline::engine {
namespace {

/// What was taken in, as an image.
Result<RecordImage> load(const Assembly& build) {
  NEARLINE_TRY(image, RecordImage::create(build.plan.image_shape, build.count));
  NEARLINE_CHECK(
      build.intake.spill().for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
        build.fill(image.record(static_cast<std::uint32_t>(row)), image.shape(), id, vector);
        return row % 65'536 == 0 ? build.progress("load", row) : Result<void>{};
      }));
  return image;
}

/// `entries` become those that walks of the file begin with.
Result<std::vector<Id>> write_pages(const Assembly& build, IndexFileWriter& writer, const RecordImage& image,
                                    const std::vector<std::uint32_t>& order,
                                    const std::vector<std::uint32_t>& ordinal_of, std::vector<std::uint32_t>& entries) {
  NEARLINE_TRY(pages, build.begin_pages(writer));
  std::vector<Id> ids;
  ids.reserve(build.count);
  std::vector<std::uint32_t> list(image.shape().degree);
  for (std::uint32_t i = 0; i < build.count; ++i) {
    const std::byte* record = image.record(order[i]);
    const std::uint32_t degree = format::unpack_neighbors(image.shape(), record, list.data());
    for (std::uint32_t j = 0; j < degree; ++j) list[j] = ordinal_of[list[j]];
    NEARLINE_CHECK(pages->append(image.shape(), record, std::span(list).first(degree)));
    ids.push_back(format::stored_id(image.shape(), record));
    if (i % 65'536 == 0) NEARLINE_CHECK(build.progress("write", i));
  }
  NEARLINE_TRY(begins, build.end_pages(writer, *pages, std::move(entries)));
  entries = std::move(begins);
  return ids;
}

/// Writes pages and tables. The image is given up before the tables are made, which need the memory.
Result<void> write(const Assembly& build, IndexFileWriter& writer, RecordImage image,
                   std::vector<std::uint32_t> entries) {
  std::vector<Id> ids;
  {
    const RecordImage records = std::move(image);
    NEARLINE_CHECK(build.progress("pack", 0));
    const std::vector<std::uint32_t> order = pack(records, build.plan.file_shape.slots);
    std::vector<std::uint32_t> ordinal_of(build.count);
    for (std::uint32_t i = 0; i < build.count; ++i) ordinal_of[order[i]] = i;
    for (std::uint32_t& entry : entries) entry = ordinal_of[entry];
    NEARLINE_TRY(written, write_pages(build, writer, records, order, ordinal_of, entries));
    ids = std::move(written);
  }
  return write_tables(writer, entries, ids, build.codes());
}

/// Of a new file, but for its segment.
format::Manifest new_manifest(const format::FileId& id, const Schema& schema, std::uint64_t count) {
  format::Manifest manifest;
  manifest.file_id = id;
  manifest.generation = 1;
  manifest.live_count = count;
  format::Field field;
  field.name = "vector";
  field.dim = schema.dim;
  field.type = schema.type;
  field.metric = schema.metric;
  manifest.fields.push_back(field);
  return manifest;
}

/// Adds a segment of sorted rows, unless there are none.
Result<BuildReport> add_segment(Assembly& build, IndexFileWriter& writer, Heritage heritage = {}) {
  if (build.count == 0) return BuildReport{};
  NEARLINE_CHECK(build.prepare_codes(std::move(heritage.book)));
  build.add_segment(writer);
  NEARLINE_TRY(report,
               build.plan.parts == 1 ? assemble_whole(build, writer, heritage.lists) : assemble_parts(build, writer));
  NEARLINE_CHECK(build.add_calibration(writer, std::move(heritage.calibration)));
  return report;
}

}  // namespace

Result<BuildReport> assemble_whole(const Assembly& build, IndexFileWriter& writer, KnownLists* known) {
  BuildReport report{.count = build.count};
  NEARLINE_TRY(image, load(build));
  LinkOptions options = build.link_options(build.options.degree, entry_count(build.count));
  options.known = known;
  NEARLINE_TRY(linked, link(image, build.space, options));
  report.unreachable_repaired = linked.repaired;
  NEARLINE_CHECK(write(build, writer, std::move(image), std::move(linked.entries)));
  report.mean_degree = static_cast<double>(writer.segment().edges) / build.count;
  return report;
}

Result<BuildReport> assemble_segment(Intake& intake, const BuildPlan& plan, const Schema& schema,
                                     const BuildOptions& options, io::FileSystem& fs,
                                     const std::filesystem::path& directory, IndexFileWriter& writer,
                                     Heritage heritage) {
  Assembly build(intake, plan, schema, options, fs, directory);
  NEARLINE_CHECK(build.sort());
  return add_segment(build, writer, std::move(heritage));
}

Result<BuildReport> assemble(Intake& intake, const BuildPlan& plan, const Schema& schema, const BuildOptions& options,
                             io::FileSystem& fs, const std::filesystem::path& directory, io::File& file) {
  Assembly build(intake, plan, schema, options, fs, directory);
  NEARLINE_CHECK(build.sort());
  IndexFileWriter writer(file, new_manifest(build.identity(), schema, build.count));
  NEARLINE_TRY(report, add_segment(build, writer));
  NEARLINE_TRY(bytes, writer.finish());
  report.file_bytes = bytes;
  return report;
}

}  // namespace nearline::engine
