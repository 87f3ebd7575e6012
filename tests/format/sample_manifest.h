// SPDX-License-Identifier: Apache-2.0
/// A manifest with at least one row in every table that this version decodes, for tests that change one thing.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "format/manifest.h"
#include "format/superblock.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {

struct SampleManifest {
  format::Manifest manifest;
  std::uint64_t at = 0;         ///< the manifest's place: behind everything else
  std::uint64_t committed = 0;  ///< a block behind the manifest is free

  SampleManifest() {
    IndexAssembler file = tiny_index({.count = 9, .dim = 4, .type = ElementType::kF16, .metric = Metric::kCosine});
    file.manifest().attributes = {{"year", AttributeType::kI64}, {"Schl\xC3\xBCssel", AttributeType::kTags}};
    file.add_section({.kind = format::SectionKind::kCodes,
                      .optional = true,
                      .field = format::Section::kNone,
                      .segment = format::Section::kNone,
                      .count = 3,
                      .element_bytes = 5},
                     std::vector<std::byte>(15));
    manifest = file.manifest();
    manifest.generation = 3;
    at = file.bytes().size();
    committed = at + 2 * format::kBlockBytes;
    manifest.free = {{.offset = at + format::kBlockBytes, .length = format::kBlockBytes, .freed_in = 2}};
  }

  [[nodiscard]] std::vector<std::byte> bytes() const { return encode(manifest); }
  [[nodiscard]] Result<format::Manifest> decode() const { return format::decode_manifest(bytes(), at, committed); }

  /// What decoding says after one change.
  template <class Change>
  static Result<format::Manifest> decode_with(Change change) {
    SampleManifest sample;
    change(sample);
    return sample.decode();
  }
};

}  // namespace nearline::testing
