// SPDX-License-Identifier: Apache-2.0
/// A file in memory of one section, any bytes with a checksum tree that is right, and a manifest that says only what
/// readers of that section ask.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/file/index_file.h"
#include "fuzz/property.h"
#include "nearline/attributes.h"
#include "tests/support/one_file.h"
#include "tests/support/tiny_index.h"

namespace nearline::fuzzing {

class OneSection {
 public:
  /// A column of the attribute "x", or payloads, over so many rows.
  OneSection(std::uint64_t rows, format::SectionKind kind, AttributeType type, std::span<const std::uint8_t> bytes)
      : disk_({}), rows_(rows) {
    format::Manifest manifest;
    manifest.segments.push_back({.count = rows});
    manifest.attributes.push_back({.name = "x", .type = type});
    testing::IndexAssembler assembler(std::move(manifest));
    assembler.add_section({.kind = kind,
                           .field = kind == format::SectionKind::kAttribute ? 0 : format::Section::kNone,
                           .count = bytes.size(),
                           .element_bytes = 1},
                          std::as_bytes(bytes));
    disk_.bytes = assembler.bytes();
    file_ = disk_.open_read("index").value();
    index_ = std::make_unique<engine::IndexFile>(*file_, assembler.manifest());
  }

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
  [[nodiscard]] const format::Manifest& manifest() const noexcept { return index_->manifest(); }
  [[nodiscard]] const format::Section& section() const noexcept { return manifest().sections.front(); }
  [[nodiscard]] engine::SegmentFile segment() const noexcept { return {*index_, 0}; }

 private:
  testing::OneFile disk_;
  std::uint64_t rows_;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<engine::IndexFile> index_;
};

}  // namespace nearline::fuzzing
