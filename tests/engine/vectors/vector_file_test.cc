// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "engine/space/convert_rows.h"
#include "engine/vectors/neighbor_file.h"
#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "format/npy_header.h"
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

/// A NumPy file of 3 rows of 4 numbers: the bytes of `numbers`, in the order in which they stand.
template <class T>
std::vector<std::byte> numpy(std::string_view descr, bool columns, const std::vector<T>& numbers) {
  std::vector<std::byte> file = format::encode_npy_array(descr, 3, 4);
  if (columns) {
    const std::string_view order = "False";
    const auto at = std::search(file.begin(), file.end(), order.begin(), order.end(),
                                [](std::byte a, char b) { return std::to_integer<char>(a) == b; });
    std::memcpy(&*at, "True ", order.size());
  }
  const auto bytes = std::as_bytes(std::span(numbers));
  file.insert(file.end(), bytes.begin(), bytes.end());
  return file;
}

/// 1, 2, 3, ... row by row, or as they stand column by column.
template <class T>
std::vector<T> counted(bool columns) {
  std::vector<T> numbers(12);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<T>(1 + (columns ? i % 3 * 4 + i / 3 : i));
  return numbers;
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

  TEST_CASE("doubles and Fortran order come as rows of f32 or of their type, whole or row by row") {
    for (const bool columns : {false, true}) {
      CAPTURE(columns);
      io::SimulatedDisk disk;
      disk.set_faults({.short_io = true});
      disk.put("/f8.npy", numpy("<f8", columns, counted<double>(columns)));
      disk.put("/f4.npy", numpy("<f4", columns, counted<float>(columns)));
      disk.put("/i1.npy", numpy("|i1", columns, counted<std::int8_t>(columns)));
      for (const auto& file : {std::pair("/f8.npy", ElementType::kF32), std::pair("/f4.npy", ElementType::kF32),
                               std::pair("/i1.npy", ElementType::kI8)}) {
        const std::string name = file.first;
        const ElementType type = file.second;
        CAPTURE(name);
        const auto reader = VectorFileReader::open(disk, name);
        REQUIRE(reader);
        REQUIRE(reader->header().type == type);
        CHECK(reader->conversion().empty() == (!columns && name != "/f8.npy"));
        const auto want = some_rows(type, 3, 4);
        std::vector<std::byte> rows(want.size());
        REQUIRE(reader->read(0, 3, rows));
        CHECK(rows == want);
        std::vector<std::byte> last(want.size() / 3);
        REQUIRE(reader->read(2, 1, last));
        CHECK(std::memcmp(last.data(), want.data() + 2 * last.size(), last.size()) == 0);
      }
    }
  }

  TEST_CASE("a double beyond f32 is refused by its row; NaN and infinity are passed on") {
    for (const bool columns : {false, true}) {
      CAPTURE(columns);
      std::vector<double> numbers(12, 1.0);
      numbers[columns ? 5 : 8] = 1e39;  // of row 2 both
      io::SimulatedDisk disk;
      disk.put("/x.npy", numpy("<f8", columns, numbers));
      auto reader = VectorFileReader::open(disk, "/x.npy");
      REQUIRE(reader);
      std::vector<std::byte> rows(48);
      const auto refused = reader->read(0, 3, rows);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kBadInput);
      CHECK(refused.error().what == "row 2: expected values that fit f32, found one that does not");
      CHECK(refused.error().at == 128 + 8 * (columns ? 5 : 8));
      numbers[columns ? 5 : 8] = std::numeric_limits<double>::infinity();
      numbers[0] = std::numeric_limits<double>::quiet_NaN();
      disk.put("/x.npy", numpy("<f8", columns, numbers));
      reader = VectorFileReader::open(disk, "/x.npy");
      CHECK(reader->read(0, 3, rows));
    }
  }

  TEST_CASE("a large file in Fortran order is read in chunks") {
    constexpr std::uint64_t kRows = 200'000;
    std::vector<std::byte> file = format::encode_npy_array("<f8", kRows, 2);
    const std::string_view order = "False";
    std::memcpy(&*std::search(file.begin(), file.end(), order.begin(), order.end(),
                              [](std::byte a, char b) { return std::to_integer<char>(a) == b; }),
                "True ", order.size());
    std::vector<double> numbers(2 * kRows);
    std::iota(numbers.begin(), numbers.end(), 0.0);
    const auto bytes = std::as_bytes(std::span(numbers));
    file.insert(file.end(), bytes.begin(), bytes.end());
    io::SimulatedDisk disk;
    disk.put("/x.npy", std::move(file));
    const auto reader = VectorFileReader::open(disk, "/x.npy");
    REQUIRE(reader);
    std::vector<float> rows(2 * kRows);
    REQUIRE(reader->read(0, kRows, std::as_writable_bytes(std::span(rows))));
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < kRows; ++i)
      wrong += rows[2 * i] != static_cast<float>(i) || rows[2 * i + 1] != static_cast<float>(kRows + i) ? 1 : 0;
    CHECK(wrong == 0);
  }

  TEST_CASE("ids and neighbours are read from whole numbers of any width, and from none below zero") {
    io::SimulatedDisk disk;
    const auto put = [&](std::string_view descr, auto numbers) {
      disk.put("/n.npy", numpy(descr, false, numbers));
      return read_neighbors(disk, "/n.npy");
    };
    const std::vector<Id> want{1, 2, 3, kNoId, 5, 6, 7, 8, 9, 10, 11, 12};
    std::vector<std::int32_t> narrow(want.begin(), want.end());
    std::vector<std::int64_t> wide(want.begin(), want.end());
    CHECK(put("<i4", narrow)->ids == want);
    CHECK(put("<u4", narrow)->ids == want);
    CHECK(put("<i8", wide)->ids == want);
    CHECK(put("<u8", wide)->ids == want);
    CHECK(put("<u8", wide)->k == 4);
    narrow[5] = -2;
    wide[5] = -2;
    CHECK(put("<i4", narrow).error().at == 128 + 5 * 4);
    CHECK(put("<i8", wide).error().at == 128 + 5 * 8);
    CHECK(put("<u8", wide)->ids[5] == kNoId - 1);

    auto list = format::encode_npy_array("<i4", 3, 0);
    const std::int32_t values[] = {7, 0, -1};
    list.insert(list.end(), std::as_bytes(std::span(values)).begin(), std::as_bytes(std::span(values)).end());
    disk.put("/ids.npy", list);
    const auto below = read_ids(disk, "/ids.npy");
    REQUIRE_FALSE(below);
    CHECK(below.error().what == "id of row 2: expected 0 or more, found a smaller one");
  }

  TEST_CASE("any damage to a file gives an error or a file that is consistent") {
    for (const Form& form : kForms) damage(form.extension, made(form));
    for (const bool columns : {false, true}) {
      damage(".npy", numpy("<f8", columns, counted<double>(columns)));
      damage(".npy", numpy("|u1", columns, counted<std::uint8_t>(columns)));
    }
    for (const char* extension : {".ibin", ".ibin64", ".ivecs", ".neighbors.npy"})
      damage(extension, made_table(extension));
    damage(".neighbors.npy", numpy("<i4", false, counted<std::int32_t>(false)));
    for (const char* extension : {".u64bin", ".txt", ".ids.npy"}) damage(extension, made_ids(extension));
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
