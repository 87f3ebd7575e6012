// SPDX-License-Identifier: Apache-2.0
/// Judging of answers, against the definitions computed directly.
#include "nearline/evaluate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "tests/api/index_world.h"

namespace nearline {
namespace {

/// Answers of some queries, `k` columns, of different ids below `records`; rows may be short.
SearchResult drawn_answers(std::mt19937& random, std::size_t queries, std::uint32_t k, Id records) {
  SearchResult result;
  result.k = k;
  for (std::size_t q = 0; q < queries; ++q) {
    std::vector<Id> all(records);
    for (Id id = 0; id < records; ++id) all[id] = id;
    std::shuffle(all.begin(), all.end(), random);
    const auto count = static_cast<std::uint32_t>(random() % (k + 1));
    result.counts.push_back(count);
    for (std::uint32_t i = 0; i < k; ++i) {
      result.ids.push_back(i < count ? all[i] : kNoId);
      result.distances.push_back(i < count ? static_cast<float>(i) : std::numeric_limits<float>::infinity());
    }
  }
  return result;
}

/// The figures of one query, word for word as they are defined.
RetrievalFigures direct(const SearchResult& answers, std::size_t q, const std::map<Id, std::uint32_t>& grades) {
  RetrievalFigures figures;
  std::vector<std::uint32_t> best;
  for (const auto& [id, grade] : grades)
    if (grade > 0) best.push_back(grade);
  if (best.empty()) return figures;
  figures.queries = 1;
  std::sort(best.rbegin(), best.rend());
  double ideal = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(best.size(), answers.k); ++i)
    ideal += best[i] / std::log2(static_cast<double>(i) + 2);
  double gain = 0;
  for (std::uint32_t i = 0; i < answers.counts[q]; ++i) {
    const auto grade = grades.find(answers.ids[q * answers.k + i]);
    if (grade == grades.end() || grade->second == 0) continue;
    gain += grade->second / std::log2(i + 2.0);
    figures.recall += 1;
    figures.map += figures.recall / (i + 1.0);
    if (figures.mrr == 0) figures.mrr = 1 / (i + 1.0);
  }
  const auto relevant = static_cast<double>(best.size());
  figures.recall /= relevant;
  figures.map /= std::min(relevant, static_cast<double>(answers.k));
  figures.ndcg = gain / ideal;
  return figures;
}

void check_mean(const RetrievalFigures& got, const std::vector<RetrievalFigures>& each) {
  RetrievalFigures sum;
  for (const RetrievalFigures& one : each) {
    sum.queries += one.queries;
    sum.recall += one.recall;
    sum.map += one.map;
    sum.ndcg += one.ndcg;
    sum.mrr += one.mrr;
  }
  const double queries = std::max(1.0, static_cast<double>(sum.queries));
  CHECK(got.queries == sum.queries);
  CHECK(got.recall == doctest::Approx(sum.recall / queries));
  CHECK(got.map == doctest::Approx(sum.map / queries));
  CHECK(got.ndcg == doctest::Approx(sum.ndcg / queries));
  CHECK(got.mrr == doctest::Approx(sum.mrr / queries));
}

}  // namespace

TEST_SUITE("api/evaluate") {
  TEST_CASE("recall, MAP, nDCG and MRR are those of their definitions") {
    std::mt19937 random(5);
    for (int round = 0; round < 30; ++round) {
      CAPTURE(round);
      const SearchResult answers = drawn_answers(random, 6, 1 + static_cast<std::uint32_t>(random() % 12), 20);
      Relevance relevance;
      std::vector<RetrievalFigures> each;
      for (std::size_t q = 0; q < answers.counts.size(); ++q) {
        std::map<Id, std::uint32_t> grades;
        for (Id id = 0; id < 20; ++id)
          if (random() % 3 == 0) grades[id] = static_cast<std::uint32_t>(random() % 4);
        if (round % 5 == 0) grades.clear();
        for (const auto& [id, grade] : grades) {
          relevance.ids.push_back(id);
          relevance.grades.push_back(grade);
        }
        relevance.offsets.push_back(relevance.ids.size());
        each.push_back(direct(answers, q, grades));
      }
      const auto got = judge_answers(answers, relevance);
      REQUIRE_MESSAGE(got, message(got));
      check_mean(*got, each);
    }
    CHECK_FALSE(judge_answers(drawn_answers(random, 3, 2, 9), Relevance{}));
  }

  TEST_CASE("judgments are read in each of their forms, and a line that is none is named") {
    const io::TempDir folder;
    const auto text = [&](const std::string& content) {
      write(folder / "q.txt", {content.begin(), content.end()});
      return read_qrels(folder / "q.txt", 3);
    };
    const auto got = text("2 0 7 1\n0 9 3\n\n0\tQ0\t5\t-2\r\n");
    REQUIRE_MESSAGE(got, message(got));
    CHECK(got->offsets == std::vector<std::uint64_t>{0, 2, 2, 3});
    CHECK(got->ids == std::vector<Id>{5, 9, 7});
    CHECK(got->grades == std::vector<std::uint32_t>{0, 3, 1});
    for (const auto& line : std::map<std::string, std::string>{{"0 1 1\n0 1\n", "line 2: expected QUERY"},
                                                               {"3 1 1\n", "line 1: query 3"},
                                                               {"0 x 1\n", "line 1"},
                                                               {"0 1 1\n1 1 1\n0 1 2\n", "line 3: record 1"}}) {
      CAPTURE(line.first);
      const auto refused = text(line.first);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kBadInput);
      CHECK(refused.error().message().find(line.second) != std::string::npos);
    }
    const std::string bytes("\2\0\0\0\1\0\0\0\7\0\0\0\1\1\0\0", 16);
    write(folder / "q.u32bin", {bytes.begin(), bytes.end()});
    const auto binary = read_qrels(folder / "q.u32bin", 2);
    REQUIRE_MESSAGE(binary, message(binary));
    CHECK(binary->ids == std::vector<Id>{7, 257});
    CHECK_FALSE(read_qrels(folder / "q.u32bin", 3));
    CHECK(read_qrels(folder / "no", 3).error().code == Code::kNotFound);
  }

  TEST_CASE("labels judge by votes, without the query itself") {
    std::mt19937 random(9);
    const char* const names[] = {"", "ant", "bee", "cow"};
    for (int round = 0; round < 30; ++round) {
      CAPTURE(round);
      const bool of_records = round % 2 == 0;
      const std::size_t queries = of_records ? 20 : 7;
      const SearchResult answers = drawn_answers(random, queries, 2 + static_cast<std::uint32_t>(random() % 8), 20);
      std::vector<Id> ids(20);
      std::string lines;
      std::vector<std::string> record_labels;
      for (Id id = 0; id < 20; ++id) {
        ids[id] = id;
        record_labels.emplace_back(names[random() % 4]);
        lines += record_labels.back() + "\n";
      }
      const io::TempDir folder;
      write(folder / "labels", {lines.begin(), lines.end()});
      const auto records = read_labels(folder / "labels", ids);
      REQUIRE_MESSAGE(records, message(records));
      Labels of_queries = *records;
      if (!of_records) {
        of_queries.ids.resize(queries);
        of_queries.of.resize(queries);
        if (of_queries.names.size() == 3) of_queries.names[2] = "newt";  // which no record is
      }
      const auto got =
          judge_labels(answers, *records, of_queries, of_records ? std::span<const Id>(ids) : std::span<const Id>());
      REQUIRE_MESSAGE(got, message(got));

      SearchResult others = answers;  // without the queries themselves
      others.k = of_records ? answers.k - 1 : answers.k;
      others.ids.clear();
      others.counts.clear();
      std::vector<RetrievalFigures> each;
      double right = 0, labelled = 0;
      for (std::size_t q = 0; q < queries; ++q) {
        std::vector<Id> kept;
        for (std::uint32_t i = 0; i < answers.counts[q]; ++i) {
          const Id id = answers.ids[q * answers.k + i];
          if (!(of_records && id == q) && kept.size() < others.k) kept.push_back(id);
        }
        others.counts.push_back(static_cast<std::uint32_t>(kept.size()));
        kept.resize(others.k, kNoId);
        others.ids.insert(others.ids.end(), kept.begin(), kept.end());
        const std::string label = of_queries.of[q] == Labels::kNone ? "" : of_queries.names[of_queries.of[q]];
        if (label.empty()) continue;
        labelled += 1;
        std::map<Id, std::uint32_t> grades;
        for (Id id = 0; id < 20; ++id)
          if (record_labels[id] == label && !(of_records && id == q)) grades[id] = 1;
        each.push_back(direct(others, q, grades));
        std::map<std::string, int> votes;
        std::string winner;
        for (std::uint32_t i = 0; i < others.counts[q]; ++i)
          if (const std::string& vote = record_labels[others.ids[q * others.k + i]]; !vote.empty()) ++votes[vote];
        for (std::uint32_t i = 0; i < others.counts[q]; ++i) {
          const std::string& vote = record_labels[others.ids[q * others.k + i]];
          if (!vote.empty() && (winner.empty() || votes[vote] > votes[winner])) winner = vote;
        }
        if (winner == label) right += 1;
      }
      CHECK(static_cast<double>(got->queries) == labelled);
      CHECK(got->accuracy == doctest::Approx(right / std::max(1.0, labelled)));
      check_mean(got->retrieval, each);
    }
  }

  TEST_CASE("a verification threshold is the largest that keeps the false accept rate") {
    std::mt19937 random(3);
    std::vector<float> same, other;
    for (int i = 0; i < 200; ++i) same.push_back(static_cast<float>(random() % 40));
    for (int i = 0; i < 700; ++i) other.push_back(static_cast<float>(10 + random() % 40));  // with many ties
    const std::vector<double> rates{0, 0.001, 0.01, 0.1, 0.5, 1};
    const auto curve = verification_curve(same, other, rates);
    REQUIRE_MESSAGE(curve, message(curve));
    const auto share = [](const std::vector<float>& all, float threshold) {
      return static_cast<double>(std::ranges::count_if(all, [=](float d) { return d <= threshold; })) /
             static_cast<double>(all.size());
    };
    for (const VerificationPoint& point : *curve) {
      CAPTURE(point.asked);
      CHECK(point.reached == share(other, point.threshold));
      CHECK(point.accepted == share(same, point.threshold));
      CHECK(point.reached <= point.asked);
      const float next = std::nextafter(point.threshold, std::numeric_limits<float>::infinity());
      if (point.asked < 1) CHECK(share(other, next) > point.asked);
    }
    CHECK_FALSE(verification_curve({}, other, rates));
    CHECK_FALSE(verification_curve(same, {}, rates));
    CHECK_FALSE(verification_curve(same, {std::nanf("")}, rates));
    CHECK_FALSE(verification_curve(same, other, std::vector<double>{1.5}));
    CHECK_FALSE(verification_curve(same, other, std::vector<double>{std::nan("")}));
  }
}

}  // namespace nearline
