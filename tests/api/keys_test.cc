// SPDX-License-Identifier: Apache-2.0
/// Records by id: what a map would say, whatever commits made, in every way of reading; and in how few reads.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 16;
constexpr std::size_t kBytes = kDim;
const Schema kSchema{kDim, ElementType::kU8, Metric::kL2};
using Model = std::map<Id, std::size_t>;  // from id to row

BuildOptions small_build(Layout layout) {
  BuildOptions options = quick_build();
  options.layout = layout;
  options.degree = 8;
  return options;
}

/// Asks for ids that are there, ids that were, and ids that never were, in any order, some twice.
void check_against(const Index& index, const Vectors& base, const Model& model, const std::vector<Id>& known,
                   std::mt19937_64& random) {
  std::vector<Id> ids{0, kNoId, kNoId - 1};
  for (const Id id : known) {
    ids.push_back(id);
    if (random() % 4 == 0) ids.push_back(id + 1 - random() % 3);
  }
  std::ranges::shuffle(ids, random);
  std::vector<std::byte> out(ids.size() * kBytes, std::byte{0xEE});
  const auto got = index.get(ids, out);
  REQUIRE_MESSAGE(got, message(got));
  const auto there = index.contains(ids);
  REQUIRE_MESSAGE(there, message(there));
  std::size_t wrong = 0;
  std::vector<std::size_t> absent;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = model.find(ids[i]);
    const std::byte* vector = out.data() + i * kBytes;
    if (found == model.end()) {
      absent.push_back(i);
      wrong += std::all_of(vector, vector + kBytes, [](std::byte byte) { return byte == std::byte{0}; }) ? 0 : 1;
    } else {
      wrong += std::equal(vector, vector + kBytes, base.view().row(found->second)) ? 0 : 1;
    }
    wrong += (*there)[i] == (found != model.end()) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(got->absent == absent);
}

void check_whole(const std::filesystem::path& path) {
  const auto report = verify(path, true);
  REQUIRE_MESSAGE(report, message(report));
  for (const VerifyFinding& finding : report->findings) FAIL_CHECK(finding.what);
}

/// Ids of three kinds: in a row, spread over 32 bits, spread over 64.
Id id_of(int kind, std::size_t i) {
  if (kind == 0) return 1'000 + i;
  const Id spread = (i + 1) * 0x9E37'79B9'7F4A'7C15;
  return kind == 1 ? spread >> 33 : spread % (kNoId - 5);
}

}  // namespace

TEST_SUITE("api/keys") {
  TEST_CASE("inserts, upserts and deletes over several segments leave what a map would hold, in every mode") {
    const Vectors base = testing::clusters(ElementType::kU8, 4'000, kDim);
    for (const int kind : {0, 1, 2}) {
      for (const Layout layout : {Layout::kLean, Layout::kFused}) {
        CAPTURE(kind);
        CAPTURE(name(layout));
        const TempDir folder;
        std::mt19937_64 random(static_cast<std::uint64_t>(kind));
        Model model;
        std::vector<Id> known;
        for (std::size_t i = 0; i < 1'500; ++i) {
          known.push_back(id_of(kind, i));
          model[known.back()] = i;
        }
        REQUIRE(build(folder / "x", kSchema, base.view(0, 1'500), known, small_build(layout)));
        std::size_t row = 1'500;
        {
          auto writer = Writer::open(folder / "x", {.delta_records = 60, .merge = false, .threads = 1});
          REQUIRE_MESSAGE(writer, message(writer));
          for (int commit = 0; commit < 6; ++commit) {
            for (std::size_t i = 0; i < 80; ++i, ++row) {
              const bool again = random() % 3 == 0;
              const Id id = again ? known[random() % known.size()] : id_of(kind, row);
              const bool there = model.contains(id);
              const auto inserted = writer->insert(base.view(row, 1), std::span(&id, 1));
              CHECK(inserted.has_value() == !there);
              if (there) CHECK(inserted.error().code == Code::kExists);
              if (there) REQUIRE(writer->upsert(base.view(row, 1), std::span(&id, 1)));
              if (!again) known.push_back(id);
              model[id] = row;
            }
            std::vector<Id> gone;
            for (int i = 0; i < 30; ++i) gone.push_back(known[random() % known.size()]);
            std::size_t erased = 0;
            for (const Id id : gone) erased += model.erase(id);
            CHECK(writer->erase(gone)->erased == erased);
            REQUIRE(writer->commit());
          }
        }
        for (const IoMode io : io_modes()) {
          CAPTURE(name(io));
          auto index = Index::open(folder / "x", with_io(io, 16U << 20));
          REQUIRE_MESSAGE(index, message(index));
          CHECK(index->info().segments > 3);
          CHECK(index->info().count == model.size());
          check_against(*index, base, model, known, random);
          CHECK(index->memory_usage().total() <= index->memory_usage().budget);
        }
        check_whole(folder / "x");
        REQUIRE(Index::open(folder / "x")->snapshot(folder / "copy"));
        REQUIRE(salvage(folder / "x", folder / "saved", {.threads = 1}));
        {
          auto writer = Writer::open(folder / "x", {.threads = 1});
          REQUIRE_MESSAGE(writer, message(writer));
          REQUIRE(writer->compact());
        }
        for (const char* file : {"x", "copy", "saved"}) {
          CAPTURE(file);
          check_whole(folder / file);
          auto index = Index::open(folder / file);
          REQUIRE_MESSAGE(index, message(index));
          check_against(*index, base, model, known, random);
        }
      }
    }
  }

  TEST_CASE("a cold id takes two reads once the fences are there, and many ids take no more rounds") {
    const Vectors base = testing::clusters(ElementType::kU8, 3'000, kDim);
    for (const int kind : {0, 1, 2}) {
      for (const IoMode io : io_modes()) {
        CAPTURE(kind);
        CAPTURE(name(io));
        const TempDir folder;
        std::vector<Id> ids;
        for (std::size_t i = 0; i < base.rows(); ++i) ids.push_back(id_of(kind, i));
        REQUIRE(build(folder / "x", kSchema, base.view(), ids, small_build(Layout::kLean)));
        std::vector<std::byte> out(64 * kBytes);
        for (const std::size_t at : {0U, 1'234U, 2'999U}) {
          const auto fresh = Index::open(folder / "x", with_io(io, 4U << 20));
          REQUIRE_MESSAGE(fresh, message(fresh));
          const auto one = std::span(out).first(kBytes);
          const Id far = ids[(at + 1'500) % 3'000];
          const auto first = fresh->get(std::span(&far, 1), one);
          REQUIRE_MESSAGE(first, message(first));
          CHECK(first->page_reads <= 3);  // fences, keys, record
          CHECK(first->rounds <= 3);
          const auto second = fresh->get(std::span(&ids[at], 1), one);
          REQUIRE_MESSAGE(second, message(second));
          CHECK(second->page_reads <= 2);
          CHECK(second->rounds <= 2);
          CHECK(std::equal(one.begin(), one.end(), base.view().row(at)));
          const auto again = fresh->get(std::span(&ids[at], 1), one);
          REQUIRE_MESSAGE(again, message(again));
          CHECK(again->page_reads == 0);
          CHECK(again->rounds == 0);
        }
        const auto index = Index::open(folder / "x", with_io(io, 4U << 20));
        REQUIRE_MESSAGE(index, message(index));
        std::vector<Id> some;
        for (std::size_t i = 0; i < 64; ++i) some.push_back(ids[i * 997 % 3'000]);
        const auto many = index->get(some, out);
        REQUIRE_MESSAGE(many, message(many));
        CHECK(many->absent.empty());
        CHECK(many->rounds <= 3);
        CHECK(many->page_reads <= 1 + 2 * 64);
        for (std::size_t i = 0; i < 64; ++i)
          CHECK(std::equal(out.begin() + static_cast<std::ptrdiff_t>(i * kBytes),
                           out.begin() + static_cast<std::ptrdiff_t>((i + 1) * kBytes),
                           base.view().row(i * 997 % 3'000)));
      }
    }
  }

  TEST_CASE("an index with ids in a row holds no ids beside its records, and a commit of one record no keys at all") {
    const Vectors base = testing::clusters(ElementType::kU8, 2'001, kDim);
    const TempDir folder;
    REQUIRE(build(folder / "row", kSchema, base.view(0, 2'000)));
    std::vector<Id> ids(2'000);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = i * 2;
    REQUIRE(build(folder / "spread", kSchema, base.view(0, 2'000), ids));
    const auto row = std::filesystem::file_size(folder / "row"), spread = std::filesystem::file_size(folder / "spread");
    CHECK(spread - row == (1 + 4 - 2) * 4'096);  // fences and four blocks of 511, instead of two of 1,022
    for (const char* file : {"row", "spread"}) {
      auto writer = Writer::open(folder / file, {.merge = false, .threads = 1});
      REQUIRE_MESSAGE(writer, message(writer));
      REQUIRE(writer->insert(base.view(2'000, 1)));
      REQUIRE(writer->commit());
      check_whole(folder / file);
    }
  }

  TEST_CASE("any number of threads get records while the fences are read for the first time") {
    const Vectors base = testing::clusters(ElementType::kU8, 3'000, kDim);
    const TempDir folder;
    std::vector<Id> ids;
    for (std::size_t i = 0; i < base.rows(); ++i) ids.push_back(id_of(2, i));
    REQUIRE(build(folder / "x", kSchema, base.view(), ids));
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const auto index = Index::open(folder / "x", with_io(io, 4U << 20, 4));
      REQUIRE_MESSAGE(index, message(index));
      std::atomic<int> wrong = 0;
      {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < 4; ++t) {
          threads.emplace_back([&, t] {
            std::vector<std::byte> out(100 * kBytes);
            const auto some = std::span(ids).subspan(t * 500, 100);
            const auto got = index->get(some, out);
            if (!got || !got->absent.empty()) ++wrong;
            if (!std::equal(out.begin(), out.end(), base.view().row(t * 500))) ++wrong;
          });
        }
      }
      CHECK(wrong == 0);
    }
  }

  TEST_CASE("a damaged block of keys is an error for the ids that it holds, and for no others") {
    const Vectors base = testing::clusters(ElementType::kU8, 3'000, kDim);
    const TempDir folder;
    std::vector<Id> ids;
    for (std::size_t i = 0; i < base.rows(); ++i) ids.push_back(id_of(1, i));
    REQUIRE(build(folder / "x", kSchema, base.view(), ids));
    const auto whole = contents(folder / "x");
    std::ranges::sort(ids);
    // Blocks of keys begin with the least id of all and its next, those of 511, of 1,022, ...; the fences with that of
    // 511 in eight bytes.
    std::size_t damaged = 0, fences = 0;
    for (std::size_t at = 8'192; at + 4'096 <= whole.size(); at += 4'096) {
      std::uint32_t first[2];
      std::memcpy(first, whole.data() + at, sizeof first);
      const auto place = std::ranges::find(ids, Id{first[0]}) - ids.begin();
      if (place == 3'000 || place % 511 != 0) continue;
      const bool is_fences = first[1] == 0;
      if (!is_fences && first[1] != ids[static_cast<std::size_t>(place) + 1]) continue;
      auto bytes = whole;
      bytes[at + 100] ^= 1;
      write(folder / "x", bytes);
      ++(is_fences ? fences : damaged);
      for (const IoMode io : io_modes()) {
        const auto index = Index::open(folder / "x", with_io(io));
        REQUIRE_MESSAGE(index, message(index));
        const auto here = index->contains(std::span(ids).subspan(static_cast<std::size_t>(place), 1));
        REQUIRE_FALSE(here);
        CHECK(here.error().code == Code::kCorrupt);
        CHECK(here.error().at == at);
        CHECK(here.error().file == (folder / "x").string());
        const auto other = static_cast<std::size_t>(place + 600) % ids.size();
        const auto there = index->contains(std::span(ids).subspan(other, 1));
        CHECK(there.has_value() != is_fences);
        if (there) CHECK(*there == std::vector<bool>{true});
      }
      const auto saved = salvage(folder / "x", folder / "saved", {.threads = 1, .replace = true});
      REQUIRE_MESSAGE(saved, message(saved));
      CHECK(saved->complete());
      CHECK(Index::open(folder / "saved")->contains(ids).value() == std::vector<bool>(ids.size(), true));
    }
    CHECK(damaged == 6);
    CHECK(fences == 1);
  }
}

}  // namespace nearline
