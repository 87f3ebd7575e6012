// SPDX-License-Identifier: Apache-2.0
/// Remembers which process opened an index. A child that goes on with its parent's handle would share the parent's
/// locks and rings, for these belong to the open file and not to the process: two writers under one lock, one ring for
/// two.
#pragma once

#include <cstdint>
#include <string>

#include "io/process.h"
#include "nearline/result.h"

namespace nearline::engine {

class OpenedBy {
 public:
  /// Errors: kInvalidArgument in any other process.
  [[nodiscard]] Result<void> check() const {
    const std::uint64_t here = io::process_id();
    if (here == process_) return {};
    return Error{.code = Code::kInvalidArgument,
                 .what = "opened by process " + std::to_string(process_) + " and used by its child " +
                         std::to_string(here) + ": expected each process to open the index for itself"};
  }

 private:
  std::uint64_t process_ = io::process_id();
};

}  // namespace nearline::engine
