// SPDX-License-Identifier: Apache-2.0
/// Any bytes as the steps of a transform: what is accepted encodes to the same bytes, and takes vectors, or says which
/// it cannot take.
#include <vector>

#include "engine/transform/transformer.h"
#include "format/transform.h"
#include "fuzz/property.h"

namespace {

using namespace nearline;

void apply(const engine::Transformer& transform) {
  if (std::uint64_t{transform.in_dim()} * transform.out_dim() > 1u << 20) return;  // slow, and no different
  std::vector<float> rows(std::size_t{2} * transform.in_dim(), 0.5F);
  rows.back() = 0;
  std::vector<float> out(std::size_t{2} * transform.out_dim());
  const auto unfit = transform.apply(MatrixView(rows.data(), 2, transform.in_dim()), out);
  FUZZ_PROPERTY(!unfit || (unfit->row < 2 && unfit->fault != nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t dim = 1 + static_cast<std::uint32_t>(data[0] | data[1] << 8) % 300;
  const auto bytes = std::as_bytes(std::span(data + 2, size - 2));
  const auto transforms = format::decode_transforms(bytes, dim, 0);
  if (!transforms) {
    FUZZ_PROPERTY(transforms.error().code == Code::kCorrupt || transforms.error().code == Code::kUnsupported);
    return 0;
  }
  const std::vector<std::byte> again = format::encode(*transforms, dim);
  FUZZ_PROPERTY(again.size() == bytes.size() && std::equal(again.begin(), again.end(), bytes.begin()));
  if (!transforms->records.empty()) apply({transforms->records, Transform{}});
  if (!transforms->queries.empty()) apply({transforms->queries, transforms->records});
  return 0;
}
