// SPDX-License-Identifier: Apache-2.0
#include "io/process.h"

#include <unistd.h>

namespace nearline::io {

std::uint64_t process_id() noexcept {
  return static_cast<std::uint64_t>(::getpid());
}

}  // namespace nearline::io
