// SPDX-License-Identifier: Apache-2.0
/// Merges take over the codes of what they merge, and code what is new.
#include <numeric>

#include "engine/codes/code_encoder.h"
#include "engine/codes/code_table.h"
#include "engine/kernels/kernels.h"
#include "engine/make/index_maker.h"
#include "engine/segment/segment.h"
#include "engine/write/index_writer.h"
#include "tests/engine/query/index_world.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kWide = 32;
constexpr std::size_t kFirst = 1'500;
constexpr std::size_t kBatch = 300;

std::vector<std::byte> coded_anew(const format::CodeBook& book, const SegmentFile& segment, const std::byte* record) {
  const format::Field& field = segment.field();
  std::vector<float> vector(field.dim);
  kernels::to_f32(field.type, record, field.dim, vector.data());
  if (field.metric == Metric::kCosine) {
    for (float& x : vector) x *= format::stored_scale(segment.shape(), record);
  }
  std::vector<std::byte> code(book.code_bytes());
  CodeEncoder::Scratch scratch;
  CodeEncoder(book, field.metric).encode(vector.data(), 1, code.data(), scratch);
  return code;
}

/// Returns how many records were compared.
std::uint64_t check_codes(const SegmentFile& segment) {
  REQUIRE(CodeTable::has_codes(segment));
  const auto table = CodeTable::open(segment).value();
  REQUIRE(table->load_all());
  const auto opened = Segment::open(segment, {.io = IoMode::kPread, .threads = 1}, IoMode::kPread).value();
  std::uint64_t differ = 0;
  REQUIRE(opened->for_each_record([&](std::uint32_t ordinal, const std::byte* record) {
    const auto code = coded_anew(table->book(), segment, record);
    if (!std::equal(code.begin(), code.end(), table->of(ordinal))) ++differ;
  }));
  CHECK(differ == 0);
  return opened->count();
}

/// An index of 1,500 into which batches go, each beside deletions, until they and it are one segment.
void merge_on(io::FileSystem& fs, const MatrixView& base, const Schema& schema) {
  std::vector<Id> ids(base.rows);
  std::iota(ids.begin(), ids.end(), Id{0});
  {
    auto builder = engine::IndexMaker::create(fs, "index", schema, quick_build()).value();
    REQUIRE(builder.add({base.data, kFirst, base.dim, base.type}, std::span(ids).first(kFirst)));
    REQUIRE(builder.finish());
  }
  auto writer =
      engine::IndexWriter::open(fs, "index", {.delta_records = 100, .background_merges = false, .threads = 1}).value();
  for (std::size_t first = kFirst; first < base.rows; first += kBatch) {
    REQUIRE(writer.insert({base.row(first), kBatch, base.dim, base.type}, std::span(ids).subspan(first, kBatch)));
    REQUIRE(writer.erase(std::span(ids).subspan(first - kFirst, 20)));
    REQUIRE(writer.commit());
  }
}

}  // namespace

TEST_SUITE("engine/write/merge_codes") {
  TEST_CASE("each record of a merged segment has the code that its vector has by the segment's book") {
    const testing::Vectors rows = testing::clusters(ElementType::kF32, kFirst + 6 * kBatch, kWide);
    const testing::Vectors mixed = testing::in_order(rows, testing::shuffled_rows(rows.rows()));
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const Schema schema{.dim = kWide, .type = ElementType::kF32, .metric = metric};
      io::SimulatedDisk disk;
      merge_on(disk, mixed.view(), schema);
      const auto file = IndexFile::open(disk, "index").value();
      std::uint64_t largest = 0;
      for (const SegmentFile& segment : file->segments()) {
        if (!segment.flat()) largest = std::max(largest, check_codes(segment));
      }
      CHECK(largest > kFirst);  // the first one was merged with others
    }
  }

  TEST_CASE("a book is taken over while it tells new records apart, and learned anew where it does not") {
    const Schema schema{.dim = kWide, .type = ElementType::kF32, .metric = Metric::kL2};
    const testing::Vectors rows = testing::clusters(ElementType::kF32, kFirst + 6 * kBatch, kWide);
    const testing::Vectors mixed = testing::in_order(rows, testing::shuffled_rows(rows.rows()));
    const auto first_book = [&](const testing::Vectors& base) {
      io::SimulatedDisk disk;
      merge_on(disk, base.view(0, kFirst), schema);
      return CodeTable::read_book(IndexFile::open(disk, "index").value()->segments().front()).value();
    };
    const auto books_after = [&](const testing::Vectors& base) {
      io::SimulatedDisk disk;
      merge_on(disk, base.view(), schema);
      const auto file = IndexFile::open(disk, "index").value();
      std::vector<format::CodeBook> books;
      for (const SegmentFile& segment : file->segments()) {
        if (segment.flat()) continue;
        check_codes(segment);
        books.push_back(CodeTable::read_book(segment).value());
      }
      return books;
    };
    const auto known = first_book(mixed), unknown = first_book(rows);
    for (const format::CodeBook& book : books_after(mixed)) CHECK(book == known);
    for (const format::CodeBook& book : books_after(rows)) CHECK_FALSE(book == unknown);
  }

  TEST_CASE("a merge codes anew what it cannot read the codes of") {
    const Schema schema{.dim = kWide, .type = ElementType::kF32, .metric = Metric::kL2};
    const testing::Vectors more = testing::clusters(ElementType::kF32, kFirst, kWide, 2);
    io::SimulatedDisk disk;
    disk.put("index", index_bytes(testing::clusters(ElementType::kF32, kFirst, kWide), schema));
    {
      const auto file = IndexFile::open(disk, "index").value();
      const format::Section codes = *file->segments().front().section(format::SectionKind::kCodes);
      std::vector<std::byte> bytes = disk.contents("index");
      bytes[codes.offset + codes.length / 2] ^= std::byte{1};
      disk.put("index", bytes);
    }
    auto writer =
        engine::IndexWriter::open(disk, "index", {.delta_records = 100, .background_merges = false, .threads = 1})
            .value();
    std::vector<Id> ids(kFirst);
    std::iota(ids.begin(), ids.end(), Id{kFirst});
    REQUIRE(writer.insert(more.view(), ids));
    REQUIRE(writer.commit());
    const auto file = IndexFile::open(disk, "index").value();
    REQUIRE(file->segments().size() == 1);
    CHECK(check_codes(file->segments().front()) == 2 * kFirst);
  }
}

}  // namespace nearline::engine
