// SPDX-License-Identifier: Apache-2.0
#include "engine/link/record_image.h"

#include <string>

namespace nearline::engine {

Result<RecordImage> RecordImage::create(const format::PageShape& shape, std::uint64_t count) {
  const std::uint64_t bytes = shape.pages(count) * shape.page_bytes;
  // calloc takes fresh pages from the kernel, which are zero and cost nothing until written.
  auto* memory = static_cast<std::byte*>(std::calloc(bytes, 1));
  if (memory == nullptr) {
    return Error{.code = Code::kNoMemory, .what = "cannot allocate " + std::to_string(bytes) + " bytes for the graph"};
  }
  return RecordImage(shape, count, std::unique_ptr<std::byte, Free>(memory));
}

}  // namespace nearline::engine
