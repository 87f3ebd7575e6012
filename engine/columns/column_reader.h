// SPDX-License-Identifier: Apache-2.0
/// Values of single rows of a column.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/columns/column.h"

namespace nearline::engine {

/// Rows near to each other are cheap: a run that is asked a second time is unpacked, and strings are remembered.
class ColumnReader {
 public:
  explicit ColumnReader(std::shared_ptr<const Column> column);

  /// Errors: kCorrupt, kIo.
  Result<Value> value(std::uint64_t row);
  [[nodiscard]] std::uint64_t blocks_read() const noexcept;

 private:
  struct Known {
    std::uint64_t entry = ~std::uint64_t{0};
    std::string text;
  };

  Result<Value> unpacked(std::uint32_t at);
  Result<Value> alone(std::uint32_t at);
  Result<std::uint64_t> number(std::uint64_t part, std::uint64_t i, unsigned bits);
  Result<Value> value_of(std::uint64_t key);
  Result<std::string> text_of(std::uint64_t entry);

  const std::shared_ptr<const Column> column_;
  SectionWindow runs_window_;
  SectionWindow data_;
  SectionWindow words_;
  std::uint64_t number_ = ~std::uint64_t{0};  ///< of the run at hand
  bool unpacked_ = false;
  format::Run run_;
  RunKeys keys_;
  std::vector<Known> known_;
};

}  // namespace nearline::engine
