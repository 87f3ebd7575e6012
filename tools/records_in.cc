// SPDX-License-Identifier: Apache-2.0
#include "tools/records_in.h"

#include "tools/console.h"
#include "tools/schema_file.h"

namespace nearline::tools {

void declare_records(Args& args, RecordsIn& records) {
  args.file("--attributes", records.lines, "JSON Lines in row order: what each record says; a key id is its id");
  args.text("--payload", records.payload, "KEY",
            "the key of these lines whose value is kept as it is, to be read back");
}

Result<std::optional<RecordLines>> open_records(const RecordsIn& records,
                                                std::optional<std::vector<Attribute>> attributes) {
  if (records.lines.empty()) {
    if (!records.schema.empty() || records.payload.empty()) return std::optional<RecordLines>();
    return Error{Code::kInvalidArgument, "--payload: expected --attributes with it, the lines that have the key"};
  }
  std::string payload = records.payload;
  const bool learns = !attributes && records.schema.empty();
  if (!attributes && !learns) {
    NEARLINE_TRY(schema, read_schema(records.schema));
    attributes = std::move(schema.attributes);
    if (payload.empty()) payload = schema.payload;
  }
  NEARLINE_TRY(lines, RecordLines::open(records.lines, std::move(attributes), std::move(payload)));
  if (learns) print_error_line(records.lines.string() + ": attributes " + lines.attributes_text());
  return std::optional<RecordLines>(std::move(lines));
}

}  // namespace nearline::tools
