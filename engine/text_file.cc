// SPDX-License-Identifier: Apache-2.0
#include "nearline/text_file.h"

#include <span>

#include "engine/vector_file_writer.h"

namespace nearline {

class TextFileWriter::Impl {
 public:
  explicit Impl(io::AtomicFile file) : out(std::move(file)) {}
  engine::BufferedAppender out;
};

Result<TextFileWriter> TextFileWriter::create(const std::filesystem::path& path, bool replace) {
  NEARLINE_TRY(file, io::AtomicFile::create(io::real_file_system(), path, replace));
  return TextFileWriter(std::make_unique<Impl>(std::move(file)));
}

Result<void> TextFileWriter::finish(std::string_view text) {
  const std::unique_ptr<Impl> spent = std::move(impl_);
  NEARLINE_CHECK(spent->out.append(std::as_bytes(std::span(text))));
  NEARLINE_CHECK(spent->out.flush());
  return spent->out.file().publish();
}

TextFileWriter::TextFileWriter(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
TextFileWriter::TextFileWriter(TextFileWriter&&) noexcept = default;
TextFileWriter& TextFileWriter::operator=(TextFileWriter&&) noexcept = default;
TextFileWriter::~TextFileWriter() = default;

}  // namespace nearline
