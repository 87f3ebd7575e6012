// SPDX-License-Identifier: Apache-2.0
/// The public classes of vector_file.h over the real file system.
#include "nearline/vector_file.h"

#include <new>
#include <string>

#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "io/stream_file.h"

namespace nearline {

class VectorFile::Impl {
 public:
  explicit Impl(engine::VectorFileReader reader) : reader_(std::move(reader)) {}
  [[nodiscard]] const engine::VectorFileReader& reader() const noexcept { return reader_; }

 private:
  engine::VectorFileReader reader_;
};

Result<VectorFile> VectorFile::open(const std::filesystem::path& path, std::string_view form) {
  if (io::is_stream(path)) {
    NEARLINE_TRY(stream, io::open_stream(path));
    NEARLINE_TRY(reader, engine::VectorFileReader::open_stream(std::move(stream), form));
    return VectorFile(std::make_unique<Impl>(std::move(reader)));
  }
  NEARLINE_TRY(reader, engine::VectorFileReader::open(io::real_file_system(), path, form));
  return VectorFile(std::make_unique<Impl>(std::move(reader)));
}

VectorFile::VectorFile(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
VectorFile::VectorFile(VectorFile&&) noexcept = default;
VectorFile& VectorFile::operator=(VectorFile&&) noexcept = default;
VectorFile::~VectorFile() = default;

const std::filesystem::path& VectorFile::path() const noexcept {
  return impl_->reader().path();
}
std::uint64_t VectorFile::rows() const noexcept {
  return impl_->reader().header().rows;
}
std::uint32_t VectorFile::dim() const noexcept {
  return impl_->reader().header().dim;
}
ElementType VectorFile::type() const noexcept {
  return impl_->reader().header().type;
}

std::string_view VectorFile::conversion() const noexcept {
  return impl_->reader().conversion();
}

Result<void> VectorFile::read(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const {
  return impl_->reader().read(first, count, out);
}

Result<std::vector<std::byte>> VectorFile::read_all() const {
  const std::uint64_t bytes = rows() * vector_bytes(type(), dim());
  try {
    std::vector<std::byte> all(static_cast<std::size_t>(bytes));
    NEARLINE_CHECK(read(0, rows(), all));
    return all;
  } catch (const std::bad_alloc&) {
    return Error{Code::kNoMemory, "holding the whole file takes " + std::to_string(bytes) + " bytes", path().string()};
  }
}

class VectorFileWriter::Impl {
 public:
  explicit Impl(engine::VectorFileWriter writer) : writer_(std::move(writer)) {}
  engine::VectorFileWriter& writer() noexcept { return writer_; }

 private:
  engine::VectorFileWriter writer_;
};

Result<VectorFileWriter> VectorFileWriter::create(const std::filesystem::path& path, ElementType type,
                                                  std::uint32_t dim, bool replace, std::uint64_t expected_rows) {
  NEARLINE_TRY(writer,
               engine::VectorFileWriter::create(io::real_file_system(), path, type, dim, replace, expected_rows));
  return VectorFileWriter(std::make_unique<Impl>(std::move(writer)));
}

VectorFileWriter::VectorFileWriter(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
VectorFileWriter::VectorFileWriter(VectorFileWriter&&) noexcept = default;
VectorFileWriter& VectorFileWriter::operator=(VectorFileWriter&&) noexcept = default;
VectorFileWriter::~VectorFileWriter() = default;

Result<void> VectorFileWriter::append(const MatrixView& vectors) {
  return impl_->writer().append(vectors);
}
Result<void> VectorFileWriter::finish() {
  return impl_->writer().finish();
}

}  // namespace nearline
