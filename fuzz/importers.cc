// SPDX-License-Identifier: Apache-2.0
// Any bytes under any extension that nearline imports: an error that names file, place and reason, or an object whose
// rows() x dim() can all be read and which, written again, is the same file. First byte: the extension; rest: the file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/support/importer_property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearline::testing;
  if (size == 0) return 0;
  const std::string_view extension = kImportedExtensions[data[0] % kImportedExtensions.size()];
  const std::span file(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  if (const auto violation = importer_violation(extension, file)) {
    std::fprintf(stderr, "%s: %s\n", extension.data(), violation->c_str());
    std::abort();
  }
  return 0;
}
