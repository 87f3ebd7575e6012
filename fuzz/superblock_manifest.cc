// SPDX-License-Identifier: Apache-2.0
/// Any bytes, taken as a file: choosing a superblock, decoding the manifest and inspecting return. What is accepted
/// encodes to the same bytes, lies inside the file, and can be inspected to its end.
#include <cstring>
#include <vector>

#include "format/inspect.h"
#include "format/superblock.h"
#include "fuzz/property.h"

namespace {

using namespace nearline;

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

/// Whether the file's metadata is accepted.
bool is_accepted(const std::vector<std::byte>& file) {
  std::vector<std::byte> head(file.begin(),
                              file.begin() + std::min<std::ptrdiff_t>(std::ssize(file), format::kDataStart));
  head.resize(format::kDataStart);
  const std::span<const std::byte, format::kDataStart> slots(head.data(), format::kDataStart);
  const auto choice =
      format::choose_superblock(slots.first<format::kBlockBytes>(), slots.last<format::kBlockBytes>(), file.size());
  if (!choice) return false;
  const format::Superblock& superblock = choice->superblock;
  FUZZ_PROPERTY(superblock.committed_bytes <= file.size());
  FUZZ_PROPERTY(equal(encode(superblock), slots.subspan(superblock.slot * format::kBlockBytes, format::kBlockBytes)));
  const auto bytes = std::span(file).subspan(superblock.manifest_offset, superblock.manifest_bytes);
  const auto manifest = format::decode_manifest(bytes, superblock);
  if (!manifest) return false;
  FUZZ_PROPERTY(equal(encode(*manifest), bytes));
  for (const format::Section& section : manifest->sections) {
    FUZZ_PROPERTY(section.offset <= file.size() && section.length <= file.size() - section.offset);
    FUZZ_PROPERTY(section.tree_offset <= file.size() && section.tree_bytes <= file.size() - section.tree_offset);
    FUZZ_PROPERTY(section.count == section.length / section.element_bytes);
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> file(first, first + size);
  const auto read = [&](std::uint64_t at, std::uint64_t bytes) -> Result<std::vector<std::byte>> {
    FUZZ_PROPERTY(at <= size && bytes <= size - at);
    return std::vector<std::byte>(first + at, first + at + bytes);
  };
  const auto walked = format::inspect(size, read, true, [&](const format::InspectItem& item) {
    FUZZ_PROPERTY(!item.name.empty() && item.value.find('\n') == std::string::npos);
  });
  FUZZ_PROPERTY(walked.has_value() == is_accepted(file));
  return 0;
}
