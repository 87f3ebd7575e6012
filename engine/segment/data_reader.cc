// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/data_reader.h"

namespace nearline::engine {

DataReader::DataReader(std::vector<std::string> names, const std::vector<std::shared_ptr<const Column>>& columns,
                       std::shared_ptr<const Payloads> payloads)
    : names_(std::move(names)), payloads_(std::move(payloads)) {
  for (const auto& column : columns) columns_.push_back(column ? std::make_unique<ColumnReader>(column) : nullptr);
  if (payloads_) payload_reader_.emplace(*payloads_);
}

Result<void> DataReader::read(std::span<const std::uint32_t> rows, RecordData& out) {
  out.names = names_;
  out.values.assign(rows.size() * names_.size(), Value());
  out.payloads.clear();
  for (std::size_t c = 0; c < columns_.size(); ++c) {  // column by column: rows in a row share what is read
    if (!columns_[c]) continue;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      NEARLINE_TRY(value, columns_[c]->value(rows[i]));
      out.values[i * names_.size() + c] = std::move(value);
    }
  }
  for (std::size_t i = 0; payload_reader_ && i < rows.size(); ++i) {
    NEARLINE_TRY(payload, payload_reader_->read(rows[i]));
    out.payloads.push_back(std::move(payload));
  }
  return {};
}

std::uint64_t DataReader::blocks_read() const noexcept {
  std::uint64_t blocks = payload_reader_ ? payload_reader_->blocks_read() : 0;
  for (const auto& column : columns_) blocks += column ? column->blocks_read() : 0;
  return blocks;
}

}  // namespace nearline::engine
