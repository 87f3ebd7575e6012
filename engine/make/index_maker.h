// SPDX-License-Identifier: Apache-2.0
/// The life of a build: take in, put aside, plan, link, pack, write, publish. What `Builder` is, on a file system of
/// the caller's choice.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/make/intake.h"
#include "io/file.h"
#include "io/temporary_name.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// What is given to a maker: vectors as they come from an encoder, or those of an index with the same transform.
enum class VectorForm : std::uint8_t { kInput, kStored };

/// Calls and errors as Builder. The file system outlives it.
class IndexMaker {
 public:
  static Result<IndexMaker> create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                   const BuildOptions& options = {}, VectorForm form = VectorForm::kInput);

  Result<void> add(const MatrixView& vectors, std::span<const Id> ids = {}, const RecordData& data = {});
  Result<void> add_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids = {});
  /// As add and add_field, by the field's number.
  Result<void> add_to(std::uint32_t field, const MatrixView& vectors, std::span<const Id> ids,
                      const RecordData& data = {});
  /// A field is made by these; memory, threads and the like are those of all. Errors: those of check_build.
  Result<void> make_as(std::uint32_t field, const BuildOptions& options);
  /// The index gives no id below to a record that comes without one.
  void begin_ids_at(Id id) noexcept { fields_.front().intake.begin_ids_at(id); }
  [[nodiscard]] std::uint64_t count() const noexcept { return fields_.front().intake.count(); }
  /// A field is calibrated with these, and keeps them. rows: of sample_of.
  void calibrate_with(std::uint32_t field, std::vector<std::byte> rows) noexcept {
    fields_[field].queries = std::move(rows);
  }
  Result<BuildReport> finish();

 private:
  /// What was taken in of a field.
  struct FieldIntake {
    Schema schema;
    Intake intake;              ///< of rows as they are stored, or before the step `unlearned`
    std::size_t unlearned = 0;  ///< first step of the transform that is; their number where none is
    BuildOptions options;
    std::vector<std::byte> queries{};
  };

  IndexMaker(io::FileSystem& fs, std::filesystem::path output, const Schema& schema, BuildOptions options)
      : fs_(&fs), output_(std::move(output)), schema_(schema), options_(std::move(options)) {}

  Result<void> take_fields(VectorForm form);
  Result<void> check_ids();
  Result<BuildReport> make();
  /// Learns what is left to learn of a field's transform, and takes the rows through the rest of it.
  Result<void> learn(FieldIntake& field);

  io::FileSystem* fs_;
  std::filesystem::path output_;
  Schema schema_;
  BuildOptions options_;
  std::vector<FieldIntake> fields_;  ///< the primary one first
  bool spent_ = false;
};

}  // namespace nearline::engine
