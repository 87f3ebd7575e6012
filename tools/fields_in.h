// SPDX-License-Identifier: Apache-2.0
/// Files of vectors of further fields, as build and insert take them: --field NAME=FILE, --field-ids NAME=FILE.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/schema.h"
#include "nearline/vector_file.h"
#include "tools/args.h"

namespace nearline::tools {

/// As they were given.
struct FieldFiles {
  std::list<FieldFile> vectors;
  std::list<FieldFile> ids;
};

void declare_fields(Args& args, FieldFiles& files);

/// Takes what was read of a field: its name, ids, vectors.
using FieldRowsFn = std::function<Result<void>(const std::string&, std::span<const Id>, const MatrixView&)>;

/// The files, open.
class FieldsIn {
 public:
  /// rows: of the records that come with them. Errors: kInvalidArgument for fields that the schema does not have, or
  /// twice; kBadInput for a file that has not one row a record, or an id a row.
  static Result<FieldsIn> open(const FieldFiles& files, const Schema& schema, std::uint64_t rows);

  /// Rows [first, first + ids.size()) of all files whose rows are those of the records.
  Result<void> give(std::uint64_t first, std::span<const Id> ids, const FieldRowsFn& take);
  /// All rows of the files that have ids of their own.
  Result<void> give_rest(const FieldRowsFn& take);

  [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }

 private:
  struct One {
    std::string field;
    VectorFile file;
    std::optional<std::vector<Id>> ids;
  };

  static Result<void> read(const One& one, std::uint64_t first, std::span<const Id> ids, const FieldRowsFn& take);

  std::vector<One> fields_;
};

}  // namespace nearline::tools
