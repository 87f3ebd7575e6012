// SPDX-License-Identifier: Apache-2.0
/// The life of a build: take in, put aside, plan, link, pack, write, publish. What `Builder` is, on a file system of
/// the caller's choice.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

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
  /// The index gives no id below to a record that comes without one.
  void begin_ids_at(Id id) noexcept { intake_.begin_ids_at(id); }
  [[nodiscard]] std::uint64_t count() const noexcept { return intake_.count(); }
  /// The index is calibrated with these, and keeps them. rows: of sample_of.
  void calibrate_with(std::vector<std::byte> rows) noexcept { queries_ = std::move(rows); }
  Result<BuildReport> finish();

 private:
  IndexMaker(io::FileSystem& fs, std::filesystem::path output, Schema schema, BuildOptions options, Intake intake,
             std::size_t unlearned)
      : fs_(&fs),
        output_(std::move(output)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        intake_(std::move(intake)),
        unlearned_(unlearned) {}

  Result<BuildReport> make();
  /// Learns what is left to learn of the transform, and takes the rows through the rest of it.
  Result<void> learn();

  io::FileSystem* fs_;
  std::filesystem::path output_;
  Schema schema_;
  BuildOptions options_;
  Intake intake_;          ///< of rows as they are stored, or before the step `unlearned_`
  std::size_t unlearned_;  ///< first step of the transform that is; their number where none is
  std::vector<std::byte> queries_;
  bool spent_ = false;
};

}  // namespace nearline::engine
