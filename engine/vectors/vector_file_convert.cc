// SPDX-License-Identifier: Apache-2.0
/// From one form of vector file to another, in blocks of rows. The writer changes the type.
#include <algorithm>
#include <vector>

#include "io/atomic_file.h"
#include "nearline/vector_file.h"

namespace nearline {

Result<std::uint64_t> convert_vectors(const VectorFile& in, const std::filesystem::path& out, bool replace,
                                      const ProgressFn& progress) {
  constexpr std::uint64_t kBlockBytes = 1 << 20;
  NEARLINE_TRY(input, io::real_file_system().identity(in.path()));
  NEARLINE_CHECK(io::check_not_input(io::real_file_system(), out, input));
  NEARLINE_TRY(writer, VectorFileWriter::create(out, in.type(), in.dim(), replace, in.rows()));
  const std::size_t row_bytes = vector_bytes(in.type(), in.dim());
  const std::uint64_t rows_at_once = std::max<std::uint64_t>(1, kBlockBytes / row_bytes);
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(rows_at_once, in.rows())) * row_bytes);
  for (std::uint64_t row = 0; row < in.rows();) {
    if (progress && !progress({"convert", row, in.rows()}))
      return Error{Code::kCancelled, "stopped before the end", in.path().string()};
    const auto now = static_cast<std::size_t>(std::min(rows_at_once, in.rows() - row));
    NEARLINE_CHECK(in.read(row, now, std::span(block).first(now * row_bytes)));
    NEARLINE_CHECK(writer.append({block.data(), now, in.dim(), in.type()}));
    row += now;
  }
  NEARLINE_CHECK(writer.finish());
  return in.rows();
}

}  // namespace nearline
