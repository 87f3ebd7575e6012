// SPDX-License-Identifier: Apache-2.0
#include "engine/vectors/converted_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "engine/vectors/vector_file_reader.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kChunkBytes = 1 << 20;  // read at once

/// Numbers of one file, copied to where rows want them.
class Copier {
 public:
  Copier(const io::File& file, const format::VectorHeader& header)
      : file_(file),
        header_(header),
        out_bytes_(vector_bytes(header.type, 1)),
        in_bytes_(header.doubles ? sizeof(double) : out_bytes_) {}

  [[nodiscard]] std::uint64_t in_bytes() const noexcept { return in_bytes_; }
  [[nodiscard]] std::uint64_t out_bytes() const noexcept { return out_bytes_; }

  /// Reads `count` numbers from the `first` of the file on; the i-th comes to out + i * stride.
  Result<void> copy(std::uint64_t first, std::uint64_t count, std::byte* out, std::uint64_t stride) {
    chunk_.resize(static_cast<std::size_t>(count * in_bytes_));
    NEARLINE_CHECK(read_input(file_, header_.data_at + first * in_bytes_, chunk_));
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::byte* number = chunk_.data() + i * in_bytes_;
      if (!header_.doubles) {
        std::memcpy(out + i * stride, number, out_bytes_);
      } else if (!put_rounded(number, out + i * stride)) {
        return misfit(first + i);
      }
    }
    return {};
  }

 private:
  /// False for a finite number that is beyond f32.
  static bool put_rounded(const std::byte* number, std::byte* out) noexcept {
    double exact;
    std::memcpy(&exact, number, sizeof exact);
    const auto rounded = static_cast<float>(exact);
    std::memcpy(out, &rounded, sizeof rounded);
    return std::isfinite(rounded) || !std::isfinite(exact);
  }

  [[nodiscard]] Error misfit(std::uint64_t number) const {
    const std::uint64_t row = header_.columns ? number % header_.rows : number / header_.dim;
    return {Code::kBadInput, "row " + std::to_string(row) + ": expected values that fit f32, found one that does not",
            file_.path().string(), header_.data_at + number * in_bytes_, 0};
  }

  const io::File& file_;
  const format::VectorHeader& header_;
  std::uint64_t out_bytes_;
  std::uint64_t in_bytes_;
  std::vector<std::byte> chunk_;
};

}  // namespace

Result<void> read_converted(const io::File& file, const format::VectorHeader& header, std::uint64_t first,
                            std::uint64_t count, std::byte* out) {
  Copier copier(file, header);
  const std::uint64_t row_bytes = vector_bytes(header.type, header.dim);
  const std::uint64_t at_once =
      std::max<std::uint64_t>(1, kChunkBytes / (header.columns ? copier.in_bytes() : header.stride()));
  for (std::uint64_t done = 0; done < count; done += std::min(count - done, at_once)) {
    const std::uint64_t now = std::min(count - done, at_once);
    std::byte* const rows = out + done * row_bytes;
    if (!header.columns) {
      NEARLINE_CHECK(copier.copy((first + done) * header.dim, now * header.dim, rows, copier.out_bytes()));
      continue;
    }
    for (std::uint32_t c = 0; c < header.dim; ++c) {
      const std::uint64_t number = c * header.rows + first + done;
      NEARLINE_CHECK(copier.copy(number, now, rows + c * copier.out_bytes(), row_bytes));
    }
  }
  return {};
}

}  // namespace nearline::engine
