// SPDX-License-Identifier: Apache-2.0
/// Any bytes, opened as a stranger's file, give an error or an index that works: verify finds nothing, every record is
/// visited once, searches answer with visited records, nearest first. Opened as an own file they may be damaged
/// anywhere, and every call then returns an answer or an error.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/api/live_index.h"
#include "fuzz/memory_file.h"
#include "fuzz/property.h"
#include "nearline/index.h"
#include "nearline/verify.h"

namespace {

using namespace nearline;

constexpr std::uint64_t kMemory = 16U << 20;

/// A query that every element type and metric accepts.
struct Query {
  explicit Query(const Schema& schema) {
    const bool whole = schema.type == ElementType::kU8 || schema.type == ElementType::kI8;
    if (schema.type == ElementType::kB1) {
      bytes.assign(vector_bytes(schema.type, schema.dim), std::byte{0});
    } else if (whole) {
      bytes.assign(schema.dim, std::byte{1});
    } else {
      const std::vector<float> ones(schema.dim, 1.0F);
      const auto* first = reinterpret_cast<const std::byte*>(ones.data());
      bytes.assign(first, first + ones.size() * sizeof(float));
    }
    const bool stored = whole || schema.type == ElementType::kB1;
    view = {bytes.data(), 1, schema.dim, stored ? schema.type : ElementType::kF32};
  }

  std::vector<std::byte> bytes;
  MatrixView view;
};

/// Filters that ask each of the first attributes: for nulls, for the rest, and by comparison.
struct Filters {
  explicit Filters(const Schema& schema) {
    constexpr std::size_t kMost = 6;
    for (std::size_t a = 0; a < std::min(kMost, schema.attributes.size()); ++a) {
      std::string name = "\"";
      for (const char c : schema.attributes[a].name) name += c == '"' ? std::string("\"\"") : std::string(1, c);
      name += '"';
      null.push_back(name + " is null");
      there.push_back(name + " is not null");
      switch (schema.attributes[a].type) {
        case AttributeType::kBool: other.push_back(name); break;
        case AttributeType::kString: other.push_back("not " + name + " <= 'd'"); break;
        case AttributeType::kPlace: other.push_back("distance(" + name + ", 1, 2) < 900km"); break;
        case AttributeType::kTags: other.push_back(name + " has 'a*'"); break;
        default: other.push_back(name + " between -5 and 1000");
      }
    }
  }
  std::vector<std::string> null, there, other;
};

/// What records say, which of them filters find, and searches among these. sound: nothing of it may fail.
void use_values(const engine::LiveIndex& index, std::span<const Id> ids, const Query& query, bool sound) {
  const Filters filters(index.info().schema);
  const auto data = index.data(ids.first(std::min<std::size_t>(ids.size(), 64)), {});
  FUZZ_PROPERTY(data || !sound);
  for (std::size_t f = 0; f < filters.null.size(); ++f) {
    const auto null = index.count(filters.null[f]), there = index.count(filters.there[f]);
    const auto other = index.count(filters.other[f]);
    FUZZ_PROPERTY(!sound || (null && there && other));
    if (sound) FUZZ_PROPERTY(*null + *there == index.info().count && *other <= *there);
    if (index.info().count == 0) continue;
    const auto found = index.search(query.view, {.k = 1, .l = 8, .filter = filters.there[f], .as_stored = true});
    FUZZ_PROPERTY(found || !sound);
    if (sound) FUZZ_PROPERTY(found->counts[0] == std::min<std::uint64_t>(1, *there));
  }
}

/// Calls everything that reads; the ids that for_each visits are returned when it succeeds.
Result<std::vector<Id>> use(const engine::LiveIndex& index) {
  std::vector<Id> visited;
  const std::vector<Id> some{0, 10, 11, 20, 1ULL << 32, kNoId - 1, kNoId};
  std::vector<std::byte> room(some.size() * vector_bytes(index.info().schema.type, index.info().schema.dim));
  const auto got = index.get(some, room);
  const auto there = index.contains(some);
  FUZZ_PROPERTY(!got || got->absent.size() <= some.size());
  FUZZ_PROPERTY(!there || there->size() == some.size());
  const auto done = index.for_each(7, [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
    FUZZ_PROPERTY(ids.size() == vectors.rows);
    visited.insert(visited.end(), ids.begin(), ids.end());
    return {};
  });
  if (!done) return done.error();
  return visited;
}

void check_answers(const SearchResult& found, const std::vector<Id>& visited) {
  FUZZ_PROPERTY(found.counts.size() == 1 && found.counts[0] <= found.k);
  for (std::uint32_t i = 0; i < found.counts[0]; ++i) {
    FUZZ_PROPERTY(std::binary_search(visited.begin(), visited.end(), found.ids[i]));
    FUZZ_PROPERTY(!std::isnan(found.distances[i]));
    FUZZ_PROPERTY(i == 0 || found.distances[i - 1] <= found.distances[i]);
  }
}

/// The walk by codes, where the file has any: whatever they say, the answers are records with their distances.
void check_codes(const std::string& path, const Query& query, std::uint32_t k, const std::vector<Id>& visited) {
  const auto index = engine::LiveIndex::open(
      io::real_file_system(), path,
      {.io = IoMode::kPread, .memory_bytes = kMemory, .ranking = Ranking::kCodes, .threads = 1});
  if (!index) return;
  for (const std::uint32_t width : {1U, 3U}) {
    const auto found = index->search(query.view, {.k = k, .l = 8, .beam_width = width, .as_stored = true});
    FUZZ_PROPERTY(found.has_value());
    check_answers(*found, visited);
  }
  // By half of the dimensions, too, in which a query may have no direction.
  const auto half = index->search(query.view, {.k = k, .l = 8, .prefix = (query.view.dim + 1) / 2});
  if (half) check_answers(*half, visited);
}

/// A query as it comes: answered, or one that the transform cannot take.
void check_transform(const engine::LiveIndex& index, const std::vector<Id>& visited) {
  const Schema schema = index.info().schema;
  if (schema.transform.empty() && schema.query_transform.empty()) return;
  const std::vector<float> ones(schema.query_dim(), 1.0F);
  const auto found = index.search(MatrixView(ones.data(), 1, schema.query_dim()), {.k = 1, .l = 8});
  FUZZ_PROPERTY(found || found.error().code == Code::kBadInput);
  if (found) check_answers(*found, visited);
}

/// Each further field like an index of its own, and all of them together.
void use_fields(const engine::LiveIndex& index, const std::vector<Id>& records, bool sound) {
  const Schema schema = index.info().schema;
  if (schema.fields.empty()) return;
  std::vector<Query> queries;
  std::vector<FieldQueries> asked;
  queries.reserve(schema.fields.size() + 1);
  queries.emplace_back(schema);
  bool plain = schema.query_transform.empty() && schema.transform.empty();
  asked.push_back({.field = schema.name, .queries = queries.back().view});
  for (const FieldSchema& field : schema.fields) {
    plain = plain && field.query_transform.empty() && field.transform.empty();
    queries.emplace_back(Schema{.dim = field.dim, .type = field.type, .metric = field.metric});
    asked.push_back({.field = field.name, .queries = queries.back().view});
    std::vector<Id> visited;
    const auto done = index.for_each(
        5,
        [&](std::span<const Id> ids, const MatrixView&) -> Result<void> {
          visited.insert(visited.end(), ids.begin(), ids.end());
          return {};
        },
        field.name);
    FUZZ_PROPERTY(done || !sound);
    if (sound) FUZZ_PROPERTY(std::ranges::includes(records, visited));
    const auto found = index.search(queries.back().view, {.k = 1, .l = 8, .as_stored = true, .field = field.name});
    FUZZ_PROPERTY(found || !sound);
    if (sound) check_answers(*found, visited);
  }
  if (!plain) return;
  for (const bool exact : {false, true}) {
    const auto found = index.search_fields(asked, {.k = 1, .exact = exact, .missing = 1.0F});
    FUZZ_PROPERTY(found || !sound);
    if (sound) FUZZ_PROPERTY(found->counts[0] == std::min<std::size_t>(1, records.size()));
  }
}

void open_as_strangers(const std::string& path) {
  const auto index = engine::LiveIndex::open(
      io::real_file_system(), path, {.io = IoMode::kPread, .memory_bytes = kMemory, .threads = 1, .untrusted = true});
  const auto report = verify(path, true);
  FUZZ_PROPERTY(!index || (report && report->finding_count == 0));
  if (!index) return;
  const auto visited = use(*index);
  FUZZ_PROPERTY(visited.has_value());
  FUZZ_PROPERTY(visited->size() == index->info().count);
  FUZZ_PROPERTY(std::is_sorted(visited->begin(), visited->end(), std::less_equal<>{}));
  if (visited->empty()) return;
  const Query query(index->info().schema);
  const auto k = static_cast<std::uint32_t>(std::min<std::uint64_t>(3, visited->size()));
  for (const bool exact : {false, true}) {
    const auto found = index->search(query.view, {.k = k, .l = 8, .exact = exact, .as_stored = true});
    FUZZ_PROPERTY(found.has_value());
    check_answers(*found, *visited);
  }
  check_codes(path, query, k, *visited);
  check_transform(*index, *visited);
  use_fields(*index, *visited, true);
  std::vector<std::byte> vectors(visited->size() * vector_bytes(index->info().schema.type, index->info().schema.dim));
  use_values(*index, *visited, query, true);
  const auto got = index->get(*visited, vectors);
  FUZZ_PROPERTY(got.has_value() && got->absent.empty());
}

void open_as_own(const std::string& path, IoMode io, Ranking ranking) {
  const auto index = engine::LiveIndex::open(io::real_file_system(), path,
                                             {.io = io, .memory_bytes = kMemory, .ranking = ranking, .threads = 1});
  if (!index) return;
  const Query query(index->info().schema);
  const auto found = index->search(query.view, {.k = 1, .l = 8, .as_stored = true});
  if (found) FUZZ_PROPERTY(found->counts.size() == 1 && found->counts[0] <= 1);
  (void)use(*index);
  const std::vector<Id> some{10, 20, 30, 50, 90, 1300, kNoId - 1};
  use_values(*index, some, query, false);
  use_fields(*index, some, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzzing::MemoryFile file(".near");
  file.write({data, size});
  open_as_strangers(file.path());
  open_as_own(file.path(), IoMode::kMapped, Ranking::kExact);
  open_as_own(file.path(), IoMode::kPread, Ranking::kCodes);
  return 0;
}
