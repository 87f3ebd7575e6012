// SPDX-License-Identifier: Apache-2.0
/// The build of an index whose records fit in memory together.
#include "engine/make/assemble.h"

#include <deque>

#include "engine/columns/column_writer.h"
#include "engine/link/pack.h"
#include "engine/make/assembly.h"
#include "engine/make/flat_segment.h"
#include "engine/make/made_as.h"
#include "engine/transform/check_transforms.h"
#include "format/transform.h"

namespace nearline::engine {
namespace {

/// Records are written in another order than they stand in memory: the processor fetches each this many turns ahead.
constexpr std::uint32_t kAhead = 8;

/// Loads what was taken in into an image.
Result<RecordImage> load(const Assembly& build) {
  NEARLINE_TRY(image, RecordImage::create(build.plan.image_shape, build.count));
  NEARLINE_CHECK(
      build.intake.spill().for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
        build.fill(image.record(static_cast<std::uint32_t>(row)), image.shape(), id, vector);
        return row % 65'536 == 0 ? build.progress("load", row) : Result<void>{};
      }));
  return image;
}

/// A graph in memory. rows: empty, or where each record stood among what was taken in.
struct Linked {
  RecordImage image;
  std::vector<std::uint32_t> entries;
  std::vector<std::uint32_t> rows;
};

/// What the tables of a segment are made from. entries: those that walks of the file begin with.
struct Written {
  std::vector<Id> ids;
  std::vector<std::uint32_t> entries;
};

/// codes: null, or those that are known of the graph's rows.
Result<Written> write_pages(const Assembly& build, IndexFileWriter& writer, const Linked& graph, KnownCodes* codes) {
  const RecordImage& image = graph.image;
  const std::vector<std::uint32_t> order = pack(image, build.plan.file_shape.slots);
  std::vector<std::uint32_t> ordinal_of(build.count);
  for (std::uint32_t i = 0; i < build.count; ++i) ordinal_of[order[i]] = i;
  NEARLINE_TRY(pages, build.begin_pages(writer));
  Written written;
  written.ids.reserve(build.count);
  std::vector<std::uint32_t> list(image.shape().degree);
  for (std::uint32_t i = 0; i < build.count; ++i) {
    if (i + kAhead < build.count) image.prefetch(order[i + kAhead]);
    const std::byte* record = image.record(order[i]);
    const std::uint32_t degree = format::unpack_neighbors(image.shape(), record, list.data());
    for (std::uint32_t j = 0; j < degree; ++j) list[j] = ordinal_of[list[j]];
    std::span<const std::byte> code;
    if (codes != nullptr) {
      NEARLINE_TRY(known, codes->of(graph.rows[order[i]]));
      code = known;
    }
    NEARLINE_CHECK(pages->append(image.shape(), record, std::span(list).first(degree), code));
    written.ids.push_back(format::stored_id(image.shape(), record));
    if (i % 65'536 == 0) NEARLINE_CHECK(build.progress("write", i));
  }
  std::vector<std::uint32_t> linked;
  for (const std::uint32_t entry : graph.entries) linked.push_back(ordinal_of[entry]);
  NEARLINE_TRY(entries, build.end_pages(writer, *pages, std::move(linked)));
  written.entries = std::move(entries);
  return written;
}

/// Writes pages and tables. The graph is given up before the tables are made, which need the memory.
Result<void> write(const Assembly& build, IndexFileWriter& writer, Linked linked, KnownCodes* codes) {
  Written written;
  {
    const Linked graph = std::move(linked);
    NEARLINE_CHECK(build.progress("pack", 0));
    NEARLINE_TRY(pages, write_pages(build, writer, graph, codes));
    written = std::move(pages);
  }
  NEARLINE_CHECK(write_tables(writer, written.entries, written.ids, build.codes()));
  return write_values(writer, build.intake.values(), written.ids);
}

/// The manifest of a new file, without its segments.
format::Manifest new_manifest(std::span<const FieldToMake> fields, const format::FileId& id) {
  const FieldToMake& primary = fields.front();
  format::Manifest manifest;
  manifest.file_id = id;
  manifest.generation = 1;
  manifest.live_count = primary.intake.count();
  manifest.next_id = primary.intake.next_id();
  manifest.attributes = primary.schema.attributes;
  for (const FieldToMake& made : fields) {
    format::Field field;
    field.name = made.schema.name;
    field.dim = made.schema.dim;
    field.type = made.schema.type;
    field.metric = made.schema.metric;
    field.indexed = made.schema.indexed;
    field.settings = settings_of(made.options);
    if (has_transforms(made.schema)) {
      field.transform = static_cast<std::uint32_t>(manifest.transforms.size());
      manifest.transforms.push_back({.in_dim = made.schema.input_dim(), .query_dim = made.schema.query_dim()});
    }
    manifest.fields.push_back(std::move(field));
  }
  return manifest;
}

/// Of several fields together; of one that is called as it always is, its own.
format::FileId joint_identity(std::span<const FieldToMake> fields, std::span<const format::FileId> ids) {
  const Schema& first = fields.front().schema;
  if (ids.size() == 1 && first.name == Schema{}.name && first.indexed) return ids.front();
  format::Hasher128 hasher;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    hasher.update(std::as_bytes(std::span(ids[f])));
    hasher.update(std::as_bytes(std::span(fields[f].schema.name)));
    const std::uint64_t facts = fields[f].schema.name.size() * 2 + (fields[f].schema.indexed ? 1 : 0);
    hasher.update(std::as_bytes(std::span(&facts, 1)));
  }
  return hasher.digest();
}

/// What a field does to vectors and queries: a section of no segment.
Result<void> write_transforms(std::uint32_t field, const Schema& schema, IndexFileWriter& writer) {
  const std::vector<std::byte> bytes =
      format::encode({.records = schema.transform, .queries = schema.query_transform}, schema.dim);
  format::Section section;
  section.kind = format::SectionKind::kTransform;
  section.field = field;
  section.element_bytes = 1;
  section.count = bytes.size();
  writer.choose_segment(format::Section::kNone);
  NEARLINE_CHECK(writer.begin(section));
  NEARLINE_CHECK(writer.append(bytes));
  return writer.end();
}

/// Adds a segment of what was taken in, unless that is nothing.
Result<BuildReport> add_segment(Assembly& build, IndexFileWriter& writer, Heritage heritage = {}) {
  if (build.count == 0) return BuildReport{};
  if (!build.schema.indexed) {
    NEARLINE_CHECK(write_flat_segment(build.intake, build.schema, writer));
    return BuildReport{.count = build.count};
  }
  NEARLINE_CHECK(build.prepare_codes(std::move(heritage.book)));
  build.add_segment(writer);
  NEARLINE_TRY(report, build.plan.parts == 1 ? assemble_whole(build, writer, heritage) : assemble_parts(build, writer));
  NEARLINE_CHECK(build.add_calibration(writer, std::move(heritage.calibration)));
  return report;
}

}  // namespace

Result<BuildReport> assemble_whole(const Assembly& build, IndexFileWriter& writer, const Heritage& heritage) {
  BuildReport report{.count = build.count};
  NEARLINE_TRY(image, load(build));
  LinkOptions options = build.link_options(build.options.degree, entry_count(build.count));
  options.known = heritage.lists;
  NEARLINE_TRY(linked, link(image, build.nearness, options));
  report.unreachable_repaired = linked.repaired;
  NEARLINE_CHECK(write(
      build, writer, {.image = std::move(image), .entries = std::move(linked.entries), .rows = std::move(linked.rows)},
      heritage.codes));
  report.mean_degree = static_cast<double>(writer.graph().edges) / build.count;
  return report;
}

Result<BuildReport> assemble_segment(Intake& intake, const BuildPlan& plan, const Schema& schema,
                                     const BuildOptions& options, io::FileSystem& fs,
                                     const std::filesystem::path& directory, IndexFileWriter& writer,
                                     Heritage heritage) {
  assert(heritage.lists == nullptr ? heritage.codes == nullptr : plan.parts == 1);
  Assembly build(intake, plan, schema, options, fs, directory);
  if (heritage.lists == nullptr) NEARLINE_CHECK(build.sort());
  return add_segment(build, writer, std::move(heritage));
}

Result<BuildReport> assemble(std::span<FieldToMake> fields, io::FileSystem& fs, const std::filesystem::path& directory,
                             io::File& file) {
  std::deque<Assembly> builds;
  std::vector<format::FileId> ids;
  for (FieldToMake& field : fields) {
    Assembly& build = builds.emplace_back(field.intake, field.plan, field.schema, field.options, fs, directory);
    NEARLINE_CHECK(build.sort());
    ids.push_back(build.identity(field.queries));
  }
  IndexFileWriter writer(file, new_manifest(fields, joint_identity(fields, ids)));
  BuildReport report;
  for (std::uint32_t f = 0; f < fields.size(); ++f) {
    if (has_transforms(fields[f].schema)) NEARLINE_CHECK(write_transforms(f, fields[f].schema, writer));
    NEARLINE_CHECK(writer.set_queries(f, fields[f].queries));
    writer.choose_field(f);
    NEARLINE_TRY(made, add_segment(builds[f], writer));
    if (f == kPrimaryField) {
      report = made;
    } else {
      report.unreachable_repaired += made.unreachable_repaired;
      report.partitions = std::max(report.partitions, made.partitions);
    }
  }
  NEARLINE_TRY(bytes, writer.finish());
  report.file_bytes = bytes;
  return report;
}

}  // namespace nearline::engine
