// SPDX-License-Identifier: Apache-2.0
/// How an index was made: what its next segments, and a new index of its records, are made like.
#pragma once

#include "engine/file/index_file.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// What the index keeps of the options that it was built with.
format::Settings settings_of(const BuildOptions& options) noexcept;

/// The settings, and how many bytes of code the largest segment has where these leave it open; memory, threads and the
/// like are left at their defaults.
BuildOptions made_as(const IndexFile& index, std::uint32_t field);

}  // namespace nearline::engine
