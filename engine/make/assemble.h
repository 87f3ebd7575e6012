// SPDX-License-Identifier: Apache-2.0
/// Makes a whole file, or a segment of one, from what was taken in.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "engine/codes/known_codes.h"
#include "engine/file/index_file_writer.h"
#include "engine/link/known_lists.h"
#include "engine/make/intake.h"
#include "engine/make/plan.h"
#include "format/calibration.h"
#include "format/code_book.h"
#include "io/file.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// One field of an index to be made: what was taken in of it, and how it is to be linked.
struct FieldToMake {
  Schema schema;  ///< of this field alone (field_schema)
  Intake& intake;
  BuildOptions options;
  BuildPlan plan{};
  std::vector<std::byte> queries{};  ///< a sample to calibrate with (sample_of), which the file keeps, or none
};

/// Writes the index into `file`, which is empty; the caller publishes it. Files without a name in `directory` hold what
/// does not fit the memory bound. fields: the primary one first; they are made one after another.
/// Errors: kCancelled, kOverBudget, kNoMemory; those of the files.
Result<BuildReport> assemble(std::span<FieldToMake> fields, io::FileSystem& fs, const std::filesystem::path& directory,
                             io::File& file);

/// What a segment inherits from others: the book to code with, a calibration, neighbour lists, and codes by that book.
/// What is missing is made.
struct Heritage {
  std::optional<format::CodeBook> book;
  std::optional<format::Calibration> calibration;
  KnownLists* lists = nullptr;  ///< for a plan in one part
  KnownCodes* codes = nullptr;  ///< with lists only
};

/// Adds a segment, unless nothing was taken in, to the file that is being written. Errors: as assemble.
Result<BuildReport> assemble_segment(Intake& intake, const BuildPlan& plan, const Schema& schema,
                                     const BuildOptions& options, io::FileSystem& fs,
                                     const std::filesystem::path& directory, IndexFileWriter& writer,
                                     Heritage heritage = {});

}  // namespace nearline::engine
