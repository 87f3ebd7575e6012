// SPDX-License-Identifier: Apache-2.0
/// The C interface's files of vectors.
#include "nearline/vector_file.h"

#include <limits>

#include "bindings/c/handles.h"
#include "nearline/nearline_files.h"

struct nearline_vector_writer {
  nearline::VectorFileWriter writer;
  bool finished = false;
};

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

Result<void> check_unfinished(const nearline_vector_writer* writer) {
  NEARLINE_CHECK(c::need(writer, "writer"));
  if (!writer->finished) return {};
  return c::invalid("writer: expected one to append to or to finish, found one that is finished");
}

/// That the rows are there, and that `bytes` is their size.
Result<void> check_range(const VectorFile& file, std::uint64_t first, std::uint64_t count, std::size_t bytes) {
  if (first > file.rows() || count > file.rows() - first)
    return c::invalid("rows " + std::to_string(first) + " and on, " + std::to_string(count) +
                      " of them: the file has " + std::to_string(file.rows()));
  const std::size_t row = vector_bytes(file.type(), file.dim());
  if (count > std::numeric_limits<std::size_t>::max() / row || count * row != bytes)
    return c::invalid("out_bytes of " + std::to_string(bytes) + ": expected those of " + std::to_string(count) +
                      " rows of " + std::to_string(row));
  return {};
}

}  // namespace

nearline_status nearline_vector_file_open(const char* path, const char* form, nearline_vector_file** file,
                                          nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", file, "file"));
    NEARLINE_TRY(opened, VectorFile::open(path, form == nullptr ? "" : form));
    *file = new nearline_vector_file{std::move(opened)};
    return {};
  });
}

void nearline_vector_file_close(nearline_vector_file** file) {
  c::close(file);
}

nearline_status nearline_vector_file_get_info(const nearline_vector_file* file, nearline_vector_file_info* info,
                                              nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(file, "file"));
    NEARLINE_CHECK(c::check_report(info, "info"));
    c::give(info, nearline_vector_file_info{.size = 0,
                                            .rows = file->file.rows(),
                                            .dim = file->file.dim(),
                                            .type = static_cast<std::uint32_t>(file->file.type())});
    return {};
  });
}

nearline_status nearline_vector_file_read(const nearline_vector_file* file, uint64_t first, uint64_t count, void* out,
                                          size_t out_bytes, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(file, "file"));
    NEARLINE_CHECK(check_range(file->file, first, count, out_bytes));
    if (count == 0) return {};
    NEARLINE_CHECK(c::need(out, "out"));
    return file->file.read(first, count, {static_cast<std::byte*>(out), out_bytes});
  });
}

nearline_status nearline_vector_file_convert(const nearline_vector_file* file, const char* output, int replace,
                                             nearline_progress_fn progress, void* context, uint64_t* rows,
                                             nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(file, "file", output, "output"));
    NEARLINE_TRY(done, convert_vectors(file->file, output, replace != 0, c::progress_fn(progress, context)));
    if (rows != nullptr) *rows = done;
    return {};
  });
}

nearline_status nearline_vector_writer_create(const char* path, uint32_t type, uint32_t dim, int replace,
                                              uint64_t expected_rows, nearline_vector_writer** writer,
                                              nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", writer, "writer"));
    NEARLINE_TRY(element, c::enumerator(type, ElementType::kB1, false, "type"));
    NEARLINE_TRY(made, VectorFileWriter::create(path, element, dim, replace != 0, expected_rows));
    *writer = new nearline_vector_writer{std::move(made)};
    return {};
  });
}

nearline_status nearline_vector_writer_append(nearline_vector_writer* writer, const nearline_matrix* vectors,
                                              nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(check_unfinished(writer));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    return writer->writer.append(rows);
  });
}

nearline_status nearline_vector_writer_finish(nearline_vector_writer* writer, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(check_unfinished(writer));
    writer->finished = true;
    return writer->writer.finish();
  });
}

void nearline_vector_writer_close(nearline_vector_writer** writer) {
  c::close(writer);
}
