// SPDX-License-Identifier: Apache-2.0
/// Judges answers and representations: retrieval figures from relevance judgments or labels, verification by a distance
/// threshold, clusters within a radius, prototypes of groups. Nothing here changes an index.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/export.h"
#include "nearline/index.h"
#include "nearline/result.h"
#include "nearline/types.h"
#include "nearline/vector_file.h"

namespace nearline {

/// Which records are relevant to each query, and how much: those of query i are [offsets[i], offsets[i + 1]).
struct Relevance {
  std::vector<std::uint64_t> offsets{0};  ///< [queries + 1]
  std::vector<Id> ids{};                  ///< ascending within a query, each once
  std::vector<std::uint32_t> grades{};    ///< of each; 0: judged, and not relevant
};

/// Reads judgments of `queries` queries: lines of text "QUERY ANY ID GRADE" as TREC has them or "QUERY ID GRADE", with
/// blanks or tabs between, a query being its row number and an id the record's number, grades below 0 (junk) being
/// taken for 0; or `.u32bin` (u32 queries, u32 1, a u32 id for each), one relevant record for each query. Errors:
/// kNotFound, kPermission, kIo; kBadInput, naming the line, for one that is none, for a query that there is not, and
/// for a record that a query has twice.
NEARLINE_API Result<Relevance> read_qrels(const std::filesystem::path& path, std::uint64_t queries);

/// Means over the queries that have something relevant; each from 0 to 1. k: the answers of each query.
struct RetrievalFigures {
  std::uint64_t queries = 0;  ///< that have something relevant; the others count nowhere
  double recall = 0;          ///< of the relevant, the share that is among the k answers
  /// Mean average precision: of each query the sum of the precisions at its relevant answers over min(k, relevant), so
  /// that 1 can be reached (trec_eval divides by all that are relevant; the same where these are not more than k).
  /// Source: Buckley, Voorhees, Evaluating evaluation measure stability (SIGIR 2000), section 2.
  double map = 0;
  /// Normalised discounted cumulative gain at k: grades over log2(1 + rank), over the same of the best order.
  /// Source: Jarvelin, Kekalainen, Cumulated gain-based evaluation of IR techniques (TOIS 2002), with log2(1 + rank) as
  /// in trec_eval's ndcg_cut.
  double ndcg = 0;
  /// Mean reciprocal rank of the first relevant answer, 0 where none is. Source: Voorhees, The TREC-8 question
  /// answering track report (1999).
  double mrr = 0;
};

/// Judges answers by relevance. Errors: kInvalidArgument for answers of another number of queries.
NEARLINE_API Result<RetrievalFigures> judge_answers(const SearchResult& answers, const Relevance& relevance);

/// What class each of some records, or of some queries, is of.
struct Labels {
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  std::vector<std::string> names{};  ///< of classes, in byte order, each once
  std::vector<Id> ids{};             ///< ascending; of queries their row numbers
  std::vector<std::uint32_t> of{};   ///< [ids]; a place in `names`, or kNone

  /// kNone, too, for an id that is not there.
  [[nodiscard]] NEARLINE_API std::uint32_t label_of(Id id) const noexcept;
};

/// Labels that an attribute of type i64, bool or string says; null, and an empty string, is none. field: only records
/// that have it. Errors: those of Index::data; kInvalidArgument for an attribute of another type.
NEARLINE_API Result<Labels> labels_by(const Index& index, std::string_view attribute, std::string_view field = {});

/// Labels from a text, a line for each of `ids`, which ascend; an empty line is none. Errors: kNotFound, kPermission,
/// kIo; kBadInput for another number of lines.
NEARLINE_API Result<Labels> read_labels(const std::filesystem::path& path, std::span<const Id> ids);

struct LabelFigures {
  std::uint64_t queries = 0;  ///< that have a label
  /// Of them, the share whose label most of the k answers have; of labels with as many, the one whose answer is
  /// nearest. Source: Cover, Hart, Nearest neighbor pattern classification (IEEE Trans. Inf. Theory 1967).
  double accuracy = 0;
  RetrievalFigures retrieval{};  ///< records of the query's label being the relevant ones, all of grade 1
};

/// Judges answers by labels. queries: by row number. selves: of each query the record that it is itself, which is no
/// answer of its own; the others are k - 1 then, so ask for one more. Empty where queries are no records.
/// Errors: kInvalidArgument for labels or selves of another number of queries, and for k of 1 with selves.
NEARLINE_API Result<LabelFigures> judge_labels(const SearchResult& answers, const Labels& records,
                                               const Labels& queries, std::span<const Id> selves = {});

/// What a threshold accepts. A pair is accepted when its distance is at most that.
struct VerificationPoint {
  double asked = 0;     ///< the false accept rate that was asked for
  double reached = 0;   ///< the share of pairs of different labels that is accepted, at most `asked`
  double accepted = 0;  ///< true accept rate: the share of pairs of the same label that is accepted
  float threshold = 0;  ///< the largest with that
};

/// The true accept rate at each false accept rate. same, other: distances of pairs of one label, and of two.
/// Errors: kInvalidArgument where one of them is empty or holds NaN, or for a rate that is not from 0 to 1.
/// Source: Huang et al., Labeled Faces in the Wild (2007); Schroff et al., FaceNet (CVPR 2015), section 4.
NEARLINE_API Result<std::vector<VerificationPoint>> verification_curve(std::vector<float> same,
                                                                       std::vector<float> other,
                                                                       std::span<const double> rates);

struct VerificationOptions {
  std::vector<double> rates = {0.1, 0.01, 0.001, 0.0001};
  std::uint64_t most_pairs = std::uint64_t{1} << 24;  ///< queries are taken evenly so that there are not more
  SearchOptions search{};                             ///< its k, exact and recall count nothing
};

struct Verification {
  std::uint64_t queries = 0;             ///< that were compared with all records
  std::uint64_t same = 0, other = 0;     ///< pairs
  std::vector<VerificationPoint> curve;  ///< a point for each rate
};

/// The curve over pairs of a query and a record, all of each query's, both having a label. Takes four bytes a pair.
/// Errors: those of Index::search, judge_labels and verification_curve.
NEARLINE_API Result<Verification> verify_labels(const Index& index, const MatrixView& queries,
                                                const Labels& record_labels, const Labels& query_labels,
                                                std::span<const Id> selves, const VerificationOptions& options = {});

/// What `find_clusters` connects, and how surely.
struct ClusterOptions {
  /// Records as near as this are connected, in the units of the metric's distances (RangeOptions::radius). Has to be
  /// given.
  float radius = std::numeric_limits<float>::quiet_NaN();
  bool exact = false;    ///< as RangeOptions: all neighbours for certain
  float recall = 0;      ///< as RangeOptions; 0: `l` decides
  std::uint32_t l = 64;  ///< as RangeOptions
  std::string filter{};  ///< only records that match are connected
  std::string field{};   ///< as SearchOptions::field
  std::uint32_t threads = Count::kAuto;
  ProgressFn progress{};
};

/// Connected components: two records are in one cluster when steps of at most the radius lead from one to the other.
struct Clusters {
  std::vector<Id> ids{};            ///< ascending
  std::vector<std::uint32_t> of{};  ///< [ids]; the cluster of each, from 0: the largest first, ties by the smallest id
  std::vector<std::uint64_t> sizes{};  ///< [clusters], descending
  std::uint64_t pairs = 0;             ///< within the radius, as they were found
  float expected_recall = 1;           ///< as RangeResult::expected_recall, the least of all searches
};

/// Finds clusters by a range search from every record; a pair is found where either of its ends finds the other. Takes
/// 32 bytes a record, and 12 for each answer of some 64 searches, beside the budget.
/// Errors: those of Index::range_search, kInvalidArgument for a radius that is no number or, where distances cannot be
/// negative, negative; kCancelled.
/// Source: single linkage cut at one height; Ester et al., DBSCAN (KDD 1996) with minPts of 1.
NEARLINE_API Result<Clusters> find_clusters(const Index& index, const ClusterOptions& options);

/// The mean of each group of records that an attribute makes.
struct Prototypes {
  std::string attribute{};              ///< that they go by
  std::string field{};                  ///< whose vectors they are means of; empty: the first
  std::uint32_t dim = 0;                ///< of stored vectors
  std::vector<std::string> names{};     ///< of the groups: the attribute's values as text, in byte order
  std::vector<std::uint64_t> counts{};  ///< records of each
  std::vector<float> means{};           ///< [names x dim]; under cosine of unit vectors, and of unit length
};

/// Takes 12 bytes a component of every group, and 16 bytes a record. Errors: those of labels_by; kInvalidArgument for
/// vectors of bits, which have no mean, and for fewer than two groups.
/// Sources: Rocchio, Relevance feedback in information retrieval (1971); Snell et al., Prototypical networks (NeurIPS
/// 2017), equation 1.
NEARLINE_API Result<Prototypes> make_prototypes(const Index& index, std::string_view attribute,
                                                std::string_view field = {});

/// What a query was taken for, and what speaks for it.
struct Classified {
  std::uint32_t group = 0;   ///< whose prototype is nearest; ties go to the first
  double distance = 0;       ///< to it, in the metric's units
  std::uint32_t second = 0;  ///< the next nearest
  double second_distance = 0;
  std::vector<Id> members{};              ///< of the group, those nearest to the query, nearest first
  std::vector<float> member_distances{};  ///< of each

  /// How much nearer the first is than the second.
  [[nodiscard]] double margin() const noexcept { return second_distance - distance; }
};

struct ClassifyOptions {
  std::uint32_t members = 3;  ///< the group's nearest members that are named; 0: none is searched for
  std::uint32_t l = 64;       ///< as SearchOptions::l, of that search
  bool as_stored = false;     ///< as SearchOptions::as_stored
};

/// Takes each query for the group whose prototype is nearest. Errors: those of Index::search; kInvalidArgument for
/// prototypes that are not of this index's dimension.
NEARLINE_API Result<std::vector<Classified>> classify(const Index& index, const Prototypes& prototypes,
                                                      const MatrixView& queries, const ClassifyOptions& options = {});

/// Maps from one encoder's vectors to another's, simplest first.
enum class SpaceMap : std::uint8_t {
  /// Both are said by their cosines to the same anchors. Source: Moschella et al., Relative representations (ICLR
  /// 2023).
  kRelative = 0,
  kOrthogonal = 1,  ///< centred, then turned. Source: Schoenemann, The orthogonal Procrustes problem (1966)
  kAffine = 2,      ///< ridge regression with a thousandth of the mean variance. Source: Hoerl, Kennard (1970)
};
/// "relative", as JSON output has it.
[[nodiscard]] NEARLINE_API std::string_view name(SpaceMap map) noexcept;

/// How well a map brings held-out rows of A to their own rows of B, among all held-out rows, by cosine.
struct MapFigures {
  double first = 0;    ///< the share whose own row is the nearest
  double among_k = 0;  ///< the share whose own row is among the k nearest
  double cosine = 0;   ///< the mean cosine to the own row
};

struct CompareOptions {
  std::uint32_t k = 10;
  std::uint32_t sample = 1000;  ///< rows whose neighbours are compared, and, at most, rows held out of the maps
  std::uint32_t anchors = 256;  ///< of the relative map
  std::uint64_t seed = 1;       ///< draws them
  Metric metric_a = Metric::kCosine, metric_b = Metric::kCosine;  ///< of the neighbours
};

struct SpaceComparison {
  std::uint64_t rows = 0;
  std::uint64_t queries = 0;  ///< rows whose neighbours were compared
  double overlap = 0;         ///< the share of a row's k nearest in one space that are so in the other
  double chance = 0;          ///< what it would be of spaces that have nothing in common
  /// Linear centred kernel alignment, from 0 to 1. Source: Kornblith et al., Similarity of neural network
  /// representations revisited (ICML 2019), section 3. Biased upwards where there are few rows for the dimensions.
  double cka = 0;
  /// What is left of the squared distances when both are centred, brought to one size, and turned and scaled onto each
  /// other: 1 - (sum of singular values of X^T Y)^2, from 0 to 1. Sources: Schoenemann (1966); Gower, Generalized
  /// Procrustes analysis (1975).
  double procrustes = 0;
  std::uint64_t learned_from = 0, held_out = 0;  ///< rows of the maps
  std::uint32_t anchors = 0;                     ///< of the relative map
  std::array<MapFigures, 3> maps{};              ///< by SpaceMap
  SpaceMap best = SpaceMap::kRelative;           ///< finds most own rows first; ties go to the simplest
};

/// Compares two encoders of the same things: row i of both is of the same one. Takes some 24 bytes a component of
/// either. Errors: kInvalidArgument for other numbers of rows, fewer than 4, bits, rows that are all equal, or a k that
/// there are not rows for; kBadInput, naming the row, for NaN and infinity.
NEARLINE_API Result<SpaceComparison> compare_spaces(const MatrixView& a, const MatrixView& b,
                                                    const CompareOptions& options = {});

/// How records come to an index in which order, for `order_shift`.
enum class Order : std::uint8_t {
  kGiven = 0,  ///< as the file has them
  kReversed = 1,
  kShuffled = 2,
  kEasyFirst = 3,  ///< by local intrinsic dimensionality, ascending
  kHardFirst = 4,  ///< descending
};
inline constexpr std::size_t kOrders = 5;
/// "given", "easy_first", as JSON output has it.
[[nodiscard]] NEARLINE_API std::string_view name(Order order) noexcept;

struct OrderOptions {
  Metric metric = Metric::kL2;
  std::uint32_t records = 10'000;  ///< drawn from the file, or as many as there are
  std::uint32_t queries = 200;     ///< drawn besides, and never inserted
  std::uint32_t k = 10, l = 40;
  /// The first of so many equal parts is built, the others are inserted, each in a commit; 1: all are built at once.
  std::uint32_t parts = 4;
  std::uint32_t threads = Count::kAuto;
  std::uint64_t seed = 1;
  ProgressFn progress{};
};

struct OrderShift {
  std::uint32_t records = 0, queries = 0;
  std::array<double, kOrders> recall{};  ///< recall@k of each Order, against exact neighbours

  /// The largest difference between two orders.
  [[nodiscard]] double shift() const noexcept {
    return *std::ranges::max_element(recall) - *std::ranges::min_element(recall);
  }
};

/// Makes an index of the same records under the same ids in five orders, and measures the recall of each. folder: where
/// one index at a time is made and removed again. Errors: those of VectorFile, Builder, Writer and Index;
/// kInvalidArgument for options of 0, for bits, and for a file of too few rows; kCancelled.
/// Source: Elliott, Clark, The impacts of data, ordering, and intrinsic dimensionality on recall in hierarchical
/// navigable small worlds (ICTIR 2024), which found shifts of up to 12 points in HNSW.
NEARLINE_API Result<OrderShift> order_shift(const VectorFile& base, const std::filesystem::path& folder,
                                            const OrderOptions& options = {});

}  // namespace nearline
