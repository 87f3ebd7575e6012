// SPDX-License-Identifier: Apache-2.0
/// Makes the rows that bench/any_data.py measures: shapes of data that people have and that are not unit embeddings.
///   any_rows KIND SEED ROWS QUERIES OUTPUT_BASE OUTPUT_QUERIES [number] [FILES]
/// Kinds of generated rows, with the number that they take:
///   gaussian D        plain, D components
///   lengths SIGMA     32 components, lengths log-normal
///   sparse NONZERO    500 components
///   elsewhere SHIFT   64 components; the queries have another mean than the rows, SHIFT lengths away
///   one_long FACTOR   32 components; one row is longer by a factor
///   copies NEAR       a share of the rows stands around one point, 64 components
///   parallel COUNT    so many directions, each in many lengths, 48 components
///   repeated TIMES    each row so many times, 64 components
/// and of rows made from files of vectors:
///   scaled SIGMA BASE QUERIES                        lengths multiplied, log-normal
///   muvera 0 TOKENS OFFSETS QUERY_TOKENS OFFSETS     one encoding of each set of tokens (arXiv 2405.19504)
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "bench/peer.h"

namespace {

using Random = std::mt19937_64;

float gaussian(Random& random) {
  return std::normal_distribution<float>()(random);
}

struct Matrix {
  std::uint32_t dim = 0;
  std::vector<float> values{};

  Matrix(std::size_t rows, std::uint32_t d) : dim(d), values(rows * d) {}
  [[nodiscard]] std::size_t rows() const { return values.size() / dim; }
  float* row(std::size_t i) { return values.data() + i * dim; }
  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * dim; }
};

struct Made {
  Matrix base, queries;
};

struct Call {
  std::uint64_t seed;
  std::size_t rows, queries;
  double number;
  std::vector<std::string> files;
};

void fill(Matrix& matrix, Random& random) {
  for (float& value : matrix.values) value = gaussian(random);
}

void scale_row(Matrix& matrix, std::size_t row, double by) {
  for (std::uint32_t i = 0; i < matrix.dim; ++i) matrix.row(row)[i] *= static_cast<float>(by);
}

void vary_lengths(Matrix& matrix, double sigma, Random& random) {
  for (std::size_t i = 0; i < matrix.rows(); ++i) scale_row(matrix, i, std::exp(sigma * gaussian(random)));
}

Made plain(const Call& call, std::uint32_t dim, Random& random) {
  Made made{{call.rows, dim}, {call.queries, dim}};
  fill(made.base, random);
  fill(made.queries, random);
  return made;
}

Made lengths(const Call& call, Random& random) {
  Made made = plain(call, 32, random);
  vary_lengths(made.base, call.number, random);
  return made;
}

Made sparse(const Call& call, Random& random) {
  Made made{{call.rows, 500}, {call.queries, 500}};
  for (Matrix* matrix : {&made.base, &made.queries}) {
    for (std::size_t i = 0; i < matrix->rows(); ++i) {
      for (int n = 0; n < static_cast<int>(call.number); ++n) {
        // Some components are met more often than others, as words are.
        const double u = static_cast<double>(random() >> 11) / static_cast<double>(1ULL << 53);
        matrix->row(i)[static_cast<std::size_t>(u * u * 500)] = std::fabs(gaussian(random));
      }
    }
  }
  return made;
}

Made elsewhere(const Call& call, Random& random) {
  Made made = plain(call, 64, random);
  for (std::uint32_t c = 0; c < 64; ++c) {
    const auto here = static_cast<float>(call.number) * gaussian(random);
    const auto there = static_cast<float>(call.number) * gaussian(random);
    for (std::size_t i = 0; i < call.rows; ++i) made.base.row(i)[c] += here;
    for (std::size_t i = 0; i < call.queries; ++i) made.queries.row(i)[c] += there;
  }
  return made;
}

Made one_long(const Call& call, Random& random) {
  Made made = plain(call, 32, random);
  scale_row(made.base, call.rows / 3, call.number);
  return made;
}

Made copies(const Call& call, Random& random) {
  Made made = plain(call, 64, random);
  for (Matrix* matrix : {&made.base, &made.queries}) {
    for (std::size_t i = 0; static_cast<double>(i) < call.number * static_cast<double>(matrix->rows()); ++i) {
      for (std::uint32_t c = 0; c < 64; ++c) matrix->row(i)[c] = 1 + 1e-3F * matrix->row(i)[c];
    }
  }
  return made;
}

Made parallel(const Call& call, Random& random) {
  Made made = plain(call, 48, random);
  const auto directions = static_cast<std::size_t>(call.number);
  for (Matrix* matrix : {&made.base, &made.queries}) {
    for (std::size_t i = 0; i < matrix->rows(); ++i) {
      std::copy_n(made.base.row(i % directions), 48, matrix->row(i));
      scale_row(*matrix, i, std::exp(gaussian(random)));
    }
  }
  return made;
}

Made repeated(const Call& call, Random& random) {
  Made made = plain(call, 64, random);
  const auto times = static_cast<std::size_t>(call.number);
  for (std::size_t i = 0; i < call.rows; ++i) std::copy_n(made.base.row(i / times * times), 64, made.base.row(i));
  return made;
}

/// The first rows of a file, as f32.
Matrix read(const std::string& path, std::size_t rows) {
  const auto file = peer::value_or_exit(nearline::VectorFile::open(path));
  const auto found = peer::load(file, 0, std::min<std::size_t>(rows, file.rows()), "ip", peer::Bytes::kToFloat);
  Matrix matrix(found.count, file.dim());
  std::copy_n(found.floats(), matrix.values.size(), matrix.values.data());
  return matrix;
}

Made scaled(const Call& call, Random& random) {
  Made made{read(call.files.at(0), call.rows), read(call.files.at(1), call.queries)};
  vary_lengths(made.base, call.number, random);
  return made;
}

std::vector<std::uint64_t> read_offsets(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::uint32_t shape[2] = {};
  in.read(reinterpret_cast<char*>(shape), sizeof shape);
  std::vector<std::uint64_t> offsets(shape[0]);
  in.read(reinterpret_cast<char*>(offsets.data()), static_cast<std::streamsize>(offsets.size() * 8));
  if (!in || offsets.size() < 2) throw std::runtime_error(path + ": expected a table of offsets");
  return offsets;
}

/// Fixed dimensional encodings of sets of tokens: several times, space is cut by random planes and the tokens of each
/// part are added up (queries) or averaged (documents; an empty part takes the token that is nearest by its cuts).
class Encoder {
 public:
  Encoder(std::uint32_t dim, Random& random) : dim_(dim), planes_(kTimes * kPlanes, dim), axes_(kTimes * kKept, dim) {
    fill(planes_, random);
    for (float& value : axes_.values) value = (random() & 1) != 0 ? 0.25F : -0.25F;
  }
  static constexpr std::uint32_t kTimes = 5, kPlanes = 4, kParts = 1 << kPlanes, kKept = 16;

  Matrix encode(const Matrix& tokens, const std::vector<std::uint64_t>& offsets, bool queries) const {
    Matrix out(offsets.size() - 1, kTimes * kParts * kKept);
    for (std::size_t set = 0; set + 1 < offsets.size(); ++set) {
      for (std::uint32_t time = 0; time < kTimes; ++time) {
        encode_once(tokens, offsets[set], offsets[set + 1], time, queries, out.row(set) + time * kParts * kKept);
      }
    }
    return out;
  }

 private:
  static float dot(const float* a, const float* b, std::uint32_t dim) {
    float sum = 0;
    for (std::uint32_t i = 0; i < dim; ++i) sum += a[i] * b[i];
    return sum;
  }

  void encode_once(const Matrix& tokens, std::uint64_t first, std::uint64_t end, std::uint32_t time, bool queries,
                   float* out) const {
    std::vector<std::uint32_t> part_of(end - first);
    std::vector<std::uint32_t> sizes(kParts);
    for (std::uint64_t t = first; t < end; ++t) {
      std::uint32_t part = 0;
      for (std::uint32_t p = 0; p < kPlanes; ++p) {
        part = 2 * part + (dot(tokens.row(t), planes_.row(time * kPlanes + p), dim_) > 0 ? 1 : 0);
      }
      part_of[t - first] = part;
      ++sizes[part];
      add(tokens.row(t), time, out + part * kKept);
    }
    for (std::uint32_t part = 0; part < kParts && !queries && end > first; ++part) {
      if (sizes[part] == 0) {
        const auto fewest = std::min_element(part_of.begin(), part_of.end(), [&](std::uint32_t a, std::uint32_t b) {
          return std::popcount(a ^ part) < std::popcount(b ^ part);
        });
        add(tokens.row(first + static_cast<std::uint64_t>(fewest - part_of.begin())), time, out + part * kKept);
      }
      const auto share = static_cast<float>(std::max(1U, sizes[part]));
      for (std::uint32_t i = 0; i < kKept; ++i) out[part * kKept + i] /= share;
    }
  }

  void add(const float* token, std::uint32_t time, float* out) const {
    for (std::uint32_t i = 0; i < kKept; ++i) out[i] += dot(token, axes_.row(time * kKept + i), dim_);
  }

  std::uint32_t dim_;
  Matrix planes_, axes_;
};

Made muvera(const Call& call, Random& random) {
  const Matrix tokens = read(call.files.at(0), ~std::size_t{0});
  const Matrix asked = read(call.files.at(2), ~std::size_t{0});
  const Encoder encoder(tokens.dim, random);
  return {encoder.encode(tokens, read_offsets(call.files.at(1)), false),
          encoder.encode(asked, read_offsets(call.files.at(3)), true)};
}

void write(const std::string& path, const Matrix& matrix) {
  const std::uint32_t shape[2] = {static_cast<std::uint32_t>(matrix.rows()), matrix.dim};
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(shape), sizeof shape);
  out.write(reinterpret_cast<const char*>(matrix.values.data()),
            static_cast<std::streamsize>(matrix.values.size() * sizeof(float)));
  if (!out.flush()) throw std::runtime_error(path + ": cannot be written");
}

int run(int argc, char** argv) {
  using Make = std::function<Made(const Call&, Random&)>;
  const std::map<std::string, Make> kinds{
      {"gaussian", [](const Call& c, Random& r) { return plain(c, static_cast<std::uint32_t>(c.number), r); }},
      {"lengths", lengths},
      {"sparse", sparse},
      {"elsewhere", elsewhere},
      {"one_long", one_long},
      {"copies", copies},
      {"parallel", parallel},
      {"repeated", repeated},
      {"scaled", scaled},
      {"muvera", muvera}};
  const auto kind = argc >= 8 ? kinds.find(argv[1]) : kinds.end();
  if (kind == kinds.end()) {
    std::fprintf(stderr, "usage: see the head of bench/any_rows.cc\n");
    return 1;
  }
  const Call call{.seed = std::stoull(argv[2]),
                  .rows = std::stoul(argv[3]),
                  .queries = std::stoul(argv[4]),
                  .number = std::stod(argv[7]),
                  .files = {argv + 8, argv + argc}};
  Random random(call.seed);
  const Made made = kind->second(call, random);
  write(argv[5], made.base);
  write(argv[6], made.queries);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "any_rows: %s\n", error.what());
    return 1;
  }
}
