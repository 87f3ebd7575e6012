// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstring>
#include <numeric>
#include <string>

#include "engine/space/convert_rows.h"
#include "engine/vectors/neighbor_file.h"
#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "io/simulated_disk.h"
#include "tests/support/importer_property.h"

namespace nearline::engine {
namespace {

struct Form {
  const char* extension;
  ElementType type;
};
constexpr Form kForms[] = {{".fbin", ElementType::kF32}, {".hbin", ElementType::kF16}, {".u8bin", ElementType::kU8},
                           {".i8bin", ElementType::kI8}, {".bbin", ElementType::kB1},  {".fvecs", ElementType::kF32},
                           {".bvecs", ElementType::kU8}, {".npy", ElementType::kF32},  {".npy", ElementType::kF16},
                           {".npy", ElementType::kI8}};

/// Rows of 1, 2, 3, ... in any type; of bits, bytes of ones within 12 bits.
std::vector<std::byte> some_rows(ElementType type, std::size_t rows, std::uint32_t dim) {
  std::vector<std::byte> bytes(rows * vector_bytes(type, dim));
  if (type == ElementType::kB1) {
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i % 2 == 0 ? 0xA5 : 0x0A);
    return bytes;
  }
  std::vector<float> floats(rows * dim);
  std::iota(floats.begin(), floats.end(), 1.0F);
  REQUIRE_FALSE(convert_rows({floats.data(), rows, dim}, type, bytes.data()));
  return bytes;
}

void write_rows(io::FileSystem& fs, const std::string& path, ElementType type, const std::vector<std::byte>& rows,
                std::uint32_t dim) {
  auto writer = VectorFileWriter::create(fs, path, type, dim, false);
  REQUIRE(writer);
  REQUIRE(writer->append({rows.data(), rows.size() / vector_bytes(type, dim), dim, type}));
  REQUIRE(writer->finish());
}

std::vector<std::byte> made(const Form& form) {
  constexpr std::uint32_t kDim = 12;
  io::SimulatedDisk disk;
  const std::string path = std::string("/made") + form.extension;
  write_rows(disk, path, form.type, some_rows(form.type, 3, kDim), kDim);
  return disk.contents(path);
}

/// Files of neighbours and ids, as bytes.
std::vector<std::byte> made_table(const std::string& extension) {
  io::SimulatedDisk disk;
  const NeighborTable table{2, 3, {4, 2, 9, 1, 0, kNoId}, {0.5F, 1, 2, 3, 4, 5}};
  REQUIRE(write_neighbors(disk, "/made" + extension, table, false));
  return disk.contents("/made" + extension);
}

std::vector<std::byte> made_ids(const std::string& extension) {
  io::SimulatedDisk disk;
  REQUIRE(write_ids(disk, "/made" + extension, std::vector<Id>{0, 77, kNoId - 1}, false));
  return disk.contents("/made" + extension);
}

/// Truncated at each length, one byte longer, and each byte changed in six ways.
void damage(const std::string& extension, const std::vector<std::byte>& whole) {
  CAPTURE(extension);
  const auto check = [&](const std::vector<std::byte>& bytes) {
    const auto violation = testing::importer_violation(extension, bytes);
    CHECK_MESSAGE(!violation, violation.value_or(""));
  };
  check(whole);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    check({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
  }
  auto longer = whole;
  longer.push_back(std::byte{0});
  check(longer);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    for (const unsigned change : {0x01U, 0x80U, 0x20U, 0xFFU, 0x04U, 0x40U}) {
      auto bad = whole;
      bad[at] ^= std::byte(change);
      check(bad);
    }
  }
}

}  // namespace

TEST_SUITE("engine/vectors/vector_file") {
  TEST_CASE("what is written in a form is read from it, whole or row by row") {
    for (const Form& form : kForms) {
      CAPTURE(form.extension);
      CAPTURE(name(form.type));
      io::SimulatedDisk disk;
      disk.set_faults({.short_io = true});
      const auto rows = some_rows(form.type, 5, 12);
      const std::string path = std::string("/rows") + form.extension;
      write_rows(disk, path, form.type, rows, 12);
      const auto reader = VectorFileReader::open(disk, path);
      REQUIRE(reader);
      CHECK(reader->header().rows == 5);
      CHECK(reader->header().dim == 12);
      CHECK(reader->header().type == form.type);
      std::vector<std::byte> read(rows.size());
      REQUIRE(reader->read(0, 5, read));
      CHECK(read == rows);
      const std::size_t row_bytes = rows.size() / 5;
      std::vector<std::byte> two(2 * row_bytes);
      REQUIRE(reader->read(3, 2, two));
      CHECK(std::memcmp(two.data(), rows.data() + 3 * row_bytes, two.size()) == 0);
    }
  }

  TEST_CASE("any damage to a file gives an error or a file that is consistent") {
    for (const Form& form : kForms) damage(form.extension, made(form));
    for (const char* extension : {".ibin", ".ibin64", ".ivecs"}) damage(extension, made_table(extension));
    for (const char* extension : {".u64bin", ".txt"}) damage(extension, made_ids(extension));
  }

  TEST_CASE("a write that fails at any call leaves no file of that name") {
    const auto rows = some_rows(ElementType::kF32, 40'000, 12);
    std::uint64_t failing = 0;
    for (bool done = false; !done;) {
      io::SimulatedDisk disk;
      disk.set_faults({.fail_call = ++failing, .error = 28});
      auto written = [&]() -> Result<void> {
        NEARLINE_TRY(writer, VectorFileWriter::create(disk, "/out.fvecs", ElementType::kF32, 12, false));
        NEARLINE_CHECK(writer.append({rows.data(), 40'000, 12, ElementType::kF32}));
        return writer.finish();
      }();
      done = disk.calls() < failing;
      CAPTURE(failing);
      CHECK(written.has_value() == done);
      if (!written && written.error().code != Code::kCommitUnknown) CHECK(disk.names().empty());
      if (done) CHECK(disk.contents("/out.fvecs").size() == 40'000 * 52);
    }
    CHECK(failing > 4);
  }

  TEST_CASE("a read that fails at any call is an error, and none of them is damage to an index") {
    io::SimulatedDisk disk;
    disk.put("/in.fvecs", made({".fvecs", ElementType::kF32}));
    std::uint64_t failing = 0;
    for (bool done = false; !done;) {
      const std::uint64_t last = disk.calls() + ++failing;
      disk.set_faults({.fail_call = last});
      const auto reader = VectorFileReader::open(disk, "/in.fvecs");
      std::vector<std::byte> rows(3 * 48);
      const auto read = reader ? reader->read(0, 3, rows) : Result<void>(reader.error());
      done = disk.calls() < last;
      CAPTURE(failing);
      CHECK(read.has_value() == done);
      if (!read) CHECK(exit_status(read.error().code) == 3);
    }
    CHECK(failing > 3);
  }

  TEST_CASE("values change type only where they keep their meaning") {
    const float values[] = {0, 1, 127, 128, 255, 256, -1, -128, -129, 0.5F, 70'000, 1e-9F};
    for (const float value : values) {
      CAPTURE(value);
      std::byte out[4];
      const auto fits = [&](ElementType to) { return !convert_rows({&value, 1, 1}, to, out); };
      const bool whole = value == static_cast<float>(static_cast<int>(value));
      CHECK(fits(ElementType::kU8) == (whole && value >= 0 && value <= 255));
      CHECK(fits(ElementType::kI8) == (whole && value >= -128 && value <= 127));
      CHECK(fits(ElementType::kF16) == (value < 65'520));
      CHECK(fits(ElementType::kBF16));
      CHECK(fits(ElementType::kF32));
    }
    const std::uint8_t bytes[] = {0, 127, 128, 255};
    std::byte out[16];
    CHECK(convert_rows({bytes, 4, 1}, ElementType::kI8, out) == std::size_t{2});
    CHECK_FALSE(convert_rows({bytes, 4, 1}, ElementType::kF16, out));
    CHECK_FALSE(convertible(ElementType::kB1, ElementType::kU8));
  }

  TEST_CASE("ids that a form cannot hold are refused before the file appears") {
    io::SimulatedDisk disk;
    const NeighborTable wide{1, 1, {0xFFFF'FFFF}, {0}};
    CHECK_FALSE(write_neighbors(disk, "/t.ibin", wide, false));
    CHECK_FALSE(write_neighbors(disk, "/t.ivecs", {1, 1, {0x8000'0000}, {0}}, false));
    CHECK_FALSE(write_neighbors(disk, "/t.ibin", {2, 1, {1}, {0}}, false));
    CHECK(disk.names().empty());
    CHECK(write_neighbors(disk, "/t.ibin64", wide, false));
    CHECK(read_neighbors(disk, "/t.ibin64")->ids == wide.ids);
  }
}

}  // namespace nearline::engine
