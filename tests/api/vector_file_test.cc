// SPDX-License-Identifier: Apache-2.0
#include "nearline/vector_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <numeric>
#include <string>
#include <thread>

#include "tests/io/temp_dir.h"

namespace nearline {
namespace {

using io::TempDir;

std::vector<float> numbers(std::size_t count) {
  std::vector<float> floats(count);
  std::iota(floats.begin(), floats.end(), 0.0F);
  return floats;
}

Result<void> write(const std::filesystem::path& path, const std::vector<float>& floats, std::uint32_t dim,
                   bool replace = false) {
  NEARLINE_TRY(writer, VectorFileWriter::create(path, ElementType::kF32, dim, replace));
  NEARLINE_CHECK(writer.append({floats.data(), floats.size() / dim, dim}));
  return writer.finish();
}

std::size_t entries(const TempDir& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++count;
  return count;
}

}  // namespace

TEST_SUITE("api/vector_file") {
  TEST_CASE("a file appears when it is finished, and not before") {
    const TempDir folder;
    const auto floats = numbers(12);
    {
      auto writer = VectorFileWriter::create(folder / "a.fbin", ElementType::kF32, 3);
      REQUIRE(writer);
      REQUIRE(writer->append({floats.data(), 4, 3}));
      CHECK_FALSE(std::filesystem::exists(folder / "a.fbin"));
    }
    CHECK(entries(folder) == 0);
    REQUIRE(write(folder / "a.fbin", floats, 3));
    CHECK(entries(folder) == 1);
    const auto file = VectorFile::open(folder / "a.fbin");
    REQUIRE(file);
    CHECK(file->path() == folder / "a.fbin");
    CHECK(file->rows() == 4);
    CHECK(file->dim() == 3);
    CHECK(file->type() == ElementType::kF32);
    CHECK(file->read_all()->size() == 48);
  }

  TEST_CASE("a file is replaced only when asked") {
    const TempDir folder;
    REQUIRE(write(folder / "a.fbin", numbers(3), 3));
    const auto refused = write(folder / "a.fbin", numbers(6), 3);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kExists);
    CHECK(VectorFile::open(folder / "a.fbin")->rows() == 1);
    REQUIRE(write(folder / "a.fbin", numbers(6), 3, true));
    CHECK(VectorFile::open(folder / "a.fbin")->rows() == 2);
  }

  TEST_CASE("rows are read from many threads at once") {
    const TempDir folder;
    constexpr std::size_t kRows = 2000;
    REQUIRE(write(folder / "a.fvecs", numbers(kRows * 7), 7));
    const auto file = VectorFile::open(folder / "a.fvecs");
    REQUIRE(file);
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t row = t; row < kRows; row += 3) {
          float values[7];
          if (!file->read(row, 1, std::as_writable_bytes(std::span(values))) || values[6] != float(row * 7 + 6))
            ++wrong[t];
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == std::vector<int>(4));
  }

  TEST_CASE("errors have codes that programs can tell apart") {
    const TempDir folder;
    CHECK(VectorFile::open(folder / "none.fbin").error().code == Code::kNotFound);
    CHECK(VectorFile::open(folder / "none.doc").error().code == Code::kInvalidArgument);
    std::ofstream(folder / "short.fbin") << "12345";
    const auto opened = VectorFile::open(folder / "short.fbin");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Code::kBadInput);
    CHECK(opened.error().file == (folder / "short.fbin").string());
    CHECK(VectorFileWriter::create(folder / "a.fbin", ElementType::kB1, 3).error().code == Code::kInvalidArgument);
    CHECK(VectorFileWriter::create(folder / "a.fbin", ElementType::kF32, 0).error().code == Code::kInvalidArgument);
    CHECK(VectorFileWriter::create(folder / "no" / "a.fbin", ElementType::kF32, 3).error().code == Code::kNotFound);
    CHECK(read_neighbors(folder / "short.fbin").error().code == Code::kInvalidArgument);
  }

  TEST_CASE("a file that becomes shorter while it is open is bad input, not a crash") {
    const TempDir folder;
    REQUIRE(write(folder / "a.fbin", numbers(300), 3));
    const auto file = VectorFile::open(folder / "a.fbin");
    REQUIRE(file);
    std::filesystem::resize_file(folder / "a.fbin", 100);
    CHECK(file->read_all().error().code == Code::kBadInput);
  }

  TEST_CASE("conversion reports its progress and can be stopped") {
    const TempDir folder;
    REQUIRE(write(folder / "a.fbin", numbers(600'000), 3));
    CHECK(*convert_vectors(*VectorFile::open(folder / "a.fbin"), folder / "b.npy") == 200'000);
    std::uint64_t calls = 0;
    const auto stopped =
        convert_vectors(*VectorFile::open(folder / "a.fbin"), folder / "c.npy", false, [&](const Progress& progress) {
          CHECK(progress.total == 200'000);
          return ++calls < 2;
        });
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == Code::kCancelled);
    CHECK_FALSE(std::filesystem::exists(folder / "c.npy"));
    CHECK(entries(folder) == 2);
  }

  TEST_CASE("ids and neighbours come back as they were written") {
    const TempDir folder;
    const std::vector<Id> ids = {5, 0, kNoId - 1};
    for (const char* name : {"ids.u64bin", "ids.txt"}) {
      REQUIRE(write_ids(folder / name, ids));
      CHECK(*read_ids(folder / name) == ids);
    }
    const NeighborTable table{2, 2, {1, 2, 3, kNoId}, {0.5F, 1, 2, 3}};
    for (const char* name : {"t.ibin", "t.ibin64", "t.ivecs"}) {
      REQUIRE(write_neighbors(folder / name, table));
      const auto read = read_neighbors(folder / name);
      REQUIRE(read);
      CHECK(read->ids == table.ids);
      CHECK(read->distances == (std::string(name) == "t.ivecs" ? std::vector<float>() : table.distances));
    }
  }
}

}  // namespace nearline
