// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "format/transform.h"

namespace nearline {
namespace {

/// Two rows of three numbers under any name but "none".
Result<Transform::Matrix> two_rows(const std::string& name) {
  if (name == "none") return Error{.code = Code::kNotFound, .what = "expected a file", .file = name};
  return Transform::Matrix{.rows = 2, .numbers = {3, 0, 4, 0, 2, 0}};
}

Result<Transform> parsed(std::string_view text, std::uint32_t dim = 3) {
  return Transform::parse(text, dim, two_rows);
}

std::string refusal(std::string_view text) {
  const auto got = parsed(text);
  REQUIRE_FALSE(got);
  CHECK(got.error().code == Code::kInvalidArgument);
  return got.error().what;
}

bool says(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != text.npos;
}

}  // namespace

TEST_SUITE("format/transform_text") {
  TEST_CASE("each step is read and printed") {
    for (const char* text : {"normalize", "center", "pca(2)", "sparse_random(2)", "sparse_random(2, 9)", "field",
                             "normalize, center, pca(2)"}) {
      CAPTURE(text);
      const auto got = parsed(text);
      REQUIRE(got);
      CHECK(to_text(*got) == text);
    }
    CHECK(to_text(*parsed(" center ,pca( 2 ) ")) == "center, pca(2)");
    CHECK(to_text(*parsed("matrix(a/b c.fbin)")) == "matrix(2 x 3)");
    CHECK(to_text(*parsed("matrix(m, orthogonal)")) == "matrix(2 x 3, orthogonal)");
    CHECK(to_text(*parsed("relative(m)")) == "relative(2 x 3)");
  }

  TEST_CASE("anchors come to unit length, and a matrix stays as it is") {
    CHECK(*parsed("relative(m)")->steps[0].numbers == std::vector<float>{0.6F, 0, 0.8F, 0, 1, 0});
    CHECK(*parsed("matrix(m)")->steps[0].numbers == std::vector<float>{3, 0, 4, 0, 2, 0});
  }

  TEST_CASE("dimensions follow from what is given, or from the first matrix") {
    CHECK(parsed("normalize, pca(2)", 5)->in_dim == 5);
    CHECK(parsed("normalize, pca(2)", 5)->out_dim() == 2);
    CHECK(parsed("normalize, matrix(m)", 0)->in_dim == 3);
    CHECK(parsed("field", 0)->in_dim == 0);
    CHECK(parsed("pca(2), matrix(m)", 0)->in_dim == 0);
  }

  TEST_CASE("an unknown step names the nearest one, and bad parentheses say what was expected") {
    CHECK(says(refusal("normalise"), "did you mean 'normalize'?"));
    CHECK(says(refusal("quux"), "expected one of normalize, center, pca"));
    CHECK(says(refusal(""), "expected a step"));
    CHECK(says(refusal("center,"), "expected a comma and one more step"));
    CHECK(says(refusal("center pca(2)"), "unknown step 'center pca'"));
    CHECK(says(refusal("pca(2) center"), "expected a comma"));
    CHECK(says(refusal("pca(2"), "expected a )"));
    for (const char* text : {"pca", "pca()", "pca(0)", "pca(x)", "pca(-1)", "pca(2, 3)", "pca(99999999999)"}) {
      CHECK(says(refusal(text), "expected pca(K)"));
    }
    CHECK(says(refusal("sparse_random(2, x)"), "sparse_random(K, SEED)"));
    CHECK(says(refusal("matrix"), "matrix(FILE)"));
    CHECK(says(refusal("matrix(m, orthonormal)"), "matrix(FILE, orthogonal)"));
    CHECK(says(refusal("relative(m, orthogonal)"), "relative(FILE)"));
    CHECK(says(refusal("center(3)"), "nothing in parentheses"));
    CHECK(parsed("matrix(none)").error().code == Code::kNotFound);
  }
}

}  // namespace nearline
