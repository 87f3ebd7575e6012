// SPDX-License-Identifier: Apache-2.0
/// The part of inspect.h that walks the data of one section.
#pragma once

#include "format/fields.h"
#include "format/inspect.h"
#include "format/manifest.h"

namespace nearline::format {

/// Gives the fields of one struct that stands at `at`, named "PREFIX.FIELD".
void inspect_struct(const StructInfo& info, std::span<const std::byte> bytes, std::uint64_t at,
                    const std::string& prefix, const ItemSink& sink);

/// Gives the header of a column, its runs, what each row has, and its dictionary; or the header and the frames of
/// payloads, closed. Names begin with `prefix`. Errors: kCorrupt where what is there cannot be walked; those of `read`.
Result<void> inspect_column(const Manifest& manifest, const Section& section, const ReadBytes& read,
                            const std::string& prefix, const ItemSink& sink);
Result<void> inspect_payloads(const Manifest& manifest, const Section& section, const ReadBytes& read,
                              const std::string& prefix, const ItemSink& sink);

/// Gives section `row` of the manifest: a summary, and when `all` each element and each checksum of its tree.
Result<void> inspect_section(const Manifest& manifest, std::size_t row, const ReadBytes& read, bool all,
                             const ItemSink& sink);

}  // namespace nearline::format
