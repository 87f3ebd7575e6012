// SPDX-License-Identifier: Apache-2.0
#include "tests/support/importer_property.h"

#include <algorithm>
#include <vector>

#include "engine/vectors/neighbor_file.h"
#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "format/neighbor_header.h"
#include "io/simulated_disk.h"

namespace nearline::testing {
namespace {

using Violation = std::optional<std::string>;

/// A disk with the input on it, and the names of the input and of its copy.
struct Stage {
  Stage(std::string_view extension, std::span<const std::byte> bytes)
      : in("/in" + std::string(extension)), out("/out" + std::string(extension)), size(bytes.size()) {
    disk.put(in, {bytes.begin(), bytes.end()});
  }

  [[nodiscard]] bool same_bytes() const { return disk.contents(in) == disk.contents(out); }

  io::SimulatedDisk disk;
  std::filesystem::path in, out;
  std::uint64_t size;
};

/// An error about the input: its own code, one line that names the file, a place inside it.
Violation judge(const Error& error, const Stage& stage) {
  if (error.code != Code::kBadInput) return "another code than kBadInput: " + error.message();
  if (error.what.empty() || error.what.find('\n') != std::string::npos) return "not one line: " + error.what;
  if (error.file != stage.in) return "the file is not named: " + error.message();
  if (error.at != Error::kNowhere && error.at > stage.size) return "a place beyond the file: " + error.message();
  return std::nullopt;
}

Violation copy_rows(Stage& stage, const engine::VectorFileReader& reader) {
  const format::VectorHeader& header = reader.header();
  const std::size_t row_bytes = vector_bytes(header.type, header.dim);
  std::vector<std::byte> rows(static_cast<std::size_t>(header.rows) * row_bytes);
  if (auto read = reader.read(0, header.rows, rows); !read) return judge(read.error(), stage);
  for (std::uint64_t row = 0; row < std::min<std::uint64_t>(header.rows, 16); ++row) {
    std::vector<std::byte> alone(row_bytes);
    if (!reader.read(row, 1, alone)) return "a row that can be read with others cannot be read alone";
    if (!std::equal(alone.begin(), alone.end(), rows.begin() + static_cast<std::ptrdiff_t>(row * row_bytes)))
      return "a row differs when it is read alone";
  }
  auto writer = engine::VectorFileWriter::create(stage.disk, stage.out, header.type, header.dim, false);
  if (!writer) return "no copy: " + writer.error().message();
  if (auto added = writer->append({rows.data(), static_cast<std::size_t>(header.rows), header.dim, header.type});
      !added)
    return "no copy: " + added.error().message();
  if (auto finished = writer->finish(); !finished) return "no copy: " + finished.error().message();
  if (stage.in.extension() != ".npy") return stage.same_bytes() ? Violation() : "the copy differs";
  auto again = engine::VectorFileReader::open(stage.disk, stage.out);
  if (!again || again->header().rows != header.rows || again->header().dim != header.dim)
    return "the copy's shape differs";
  std::vector<std::byte> copied(rows.size());
  if (!again->read(0, header.rows, copied) || copied != rows) return "the copy's rows differ";
  return std::nullopt;
}

Violation check_vectors(Stage& stage) {
  auto reader = engine::VectorFileReader::open(stage.disk, stage.in);
  if (!reader) return judge(reader.error(), stage);
  const format::VectorHeader& header = reader->header();
  if (header.dim < 1 || header.dim > kMaxDim) return "dimension out of range";
  if (header.row_at(header.rows) != stage.size) return "the rows do not end where the file does";
  return copy_rows(stage, *reader);
}

Violation check_neighbors(Stage& stage) {
  auto table = engine::read_neighbors(stage.disk, stage.in);
  if (!table) return judge(table.error(), stage);
  const std::uint64_t cells = table->queries * table->k;
  if (table->k == 0 || table->ids.size() != cells) return "ids are not queries x k";
  if (!table->distances.empty() && table->distances.size() != cells) return "distances are not queries x k";
  if (auto written = engine::write_neighbors(stage.disk, stage.out, *table, false); !written)
    return "no copy: " + written.error().message();
  if (stage.in.extension() != ".npy") return stage.same_bytes() ? Violation() : "the copy differs";
  auto again = engine::read_neighbors(stage.disk, stage.out);
  if (!again || again->queries != table->queries || again->k != table->k || again->ids != table->ids)
    return "the copy's ids differ";
  return std::nullopt;
}

Violation check_ids(Stage& stage) {
  auto ids = engine::read_ids(stage.disk, stage.in);
  if (!ids) return judge(ids.error(), stage);
  if (std::find(ids->begin(), ids->end(), kNoId) != ids->end()) return "an id that is reserved";
  if (auto written = engine::write_ids(stage.disk, stage.out, *ids, false); !written)
    return "no copy: " + written.error().message();
  auto again = engine::read_ids(stage.disk, stage.out);
  if (!again || *again != *ids) return "the copy's ids differ";
  const bool one_form = stage.in.extension() != ".txt" && stage.in.extension() != ".npy";
  return !one_form || stage.same_bytes() ? Violation() : "the copy differs";
}

}  // namespace

Violation importer_violation(std::string_view extension, std::span<const std::byte> bytes) {
  Stage stage(extension, bytes);
  if (extension == ".u64bin" || extension == ".txt" || extension == ".ids.npy") return check_ids(stage);
  if (extension == ".neighbors.npy" || (extension != ".npy" && format::neighbor_form(extension)))
    return check_neighbors(stage);
  return check_vectors(stage);
}

}  // namespace nearline::testing
