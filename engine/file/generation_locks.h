// SPDX-License-Identifier: Apache-2.0
/// The locks of SPEC.md section 9: who writes, and which commits readers hold.
#pragma once

#include <cstdint>

#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Errors: kBusy when there is a writer already.
Result<void> lock_for_writing(io::File& file);

/// Holds a commit for as long as the file is open, or until it is let go.
Result<void> pin_generation(io::File& file, std::uint64_t generation);
Result<void> unpin_generation(io::File& file, std::uint64_t generation);

/// The oldest commit that another opening of the file holds; `newest` when none is older. Errors: kBusy when one is
/// held since so long ago that a commit behind `newest`, up to `coming`, could not be told from it.
Result<std::uint64_t> oldest_pinned(const io::File& file, std::uint64_t newest, std::uint64_t coming);

}  // namespace nearline::engine
