// SPDX-License-Identifier: Apache-2.0
/// What a command is told of records besides their vectors: --attributes, --schema, --payload.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tools/args.h"
#include "tools/record_lines.h"

namespace nearline::tools {

struct RecordsIn {
  std::filesystem::path lines;   ///< of JSON; none: records say nothing
  std::filesystem::path schema;  ///< of builds; none: learned from the lines
  std::string payload;
};

/// Declares --attributes and --payload.
void declare_records(Args& args, RecordsIn& records);

/// The lines, if there are any. attributes: those of the index, or none: those of the schema file, or learned ones,
/// which a line on stderr tells.
Result<std::optional<RecordLines>> open_records(const RecordsIn& records,
                                                std::optional<std::vector<Attribute>> attributes);

}  // namespace nearline::tools
