// SPDX-License-Identifier: Apache-2.0
/// What the processor can run. Highway's library would say so too, but measures the machine's timer before main (4 ms,
/// as long as all the rest of a first answer), so of Highway only the headers are used.
#pragma once

#include <cstdint>

namespace nearline::kernels {

/// The HWY_TARGET bits of the targets that run here. Those that were not compiled may be among them.
std::int64_t runnable_targets() noexcept;

}  // namespace nearline::kernels
