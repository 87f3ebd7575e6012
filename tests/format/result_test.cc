// SPDX-License-Identifier: Apache-2.0
#include "nearline/result.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <sstream>
#include <string>

#include "tests/io/child_process.h"

namespace nearline {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{.code = Code::kInvalidArgument, .what = "odd"};
  return value / 2;
}

Result<void> check_quarter(int value) {
  NEARLINE_TRY(once, half(value));
  NEARLINE_TRY(twice, half(once));
  NEARLINE_CHECK(half(twice * 2) ? Result<void>{} : Result<void>{Error{}});
  return {};
}

}  // namespace

TEST_SUITE("format/result") {
  TEST_CASE("a message has file, sentence, place and cause, and leaves out what does not apply") {
    Error error{.code = Code::kCorrupt, .what = "a block is damaged"};
    CHECK(error.message() == "a block is damaged");
    error.at = 4096;
    CHECK(error.message() == "a block is damaged (at byte 4096)");
    error.file = "x.near";
    CHECK(error.message() == "x.near: a block is damaged (at byte 4096)");
    error.system = ENOENT;
    CHECK(error.message() == "x.near: a block is damaged (at byte 4096): No such file or directory");
    error.at = Error::kNowhere;
    CHECK(error.message() == "x.near: a block is damaged: No such file or directory");
  }

  TEST_CASE("the place stands before what was expected there") {
    const Error error{.code = Code::kCorrupt, .what = "dimension: expected 1 to 9, found 0", .file = "x.near", .at = 8};
    CHECK(error.message() == "x.near: dimension (at byte 8): expected 1 to 9, found 0");
  }

  TEST_CASE("codes and errors have words of their own, and go to streams") {
    for (int number = 0; number < 64; ++number) {
      const auto code = static_cast<Code>(number);
      if (name(code) == "unknown") continue;
      for (int other = 0; other < number; ++other) CHECK(name(code) != name(static_cast<Code>(other)));
    }
    CHECK(name(Code::kCommitUnknown) == "commit_unknown");
    std::ostringstream out;
    out << Code::kNoSpace << ", " << Error{.what = "w", .file = "a"};
    CHECK(out.str() == "no_space, a: w");
  }

  TEST_CASE("value_or gives the value, or what it is given") {
    CHECK(half(4).value_or(7) == 2);
    const Result<int> odd = half(3);
    CHECK(odd.value_or(7) == 7);
    CHECK(Result<std::unique_ptr<int>>(Error{}).value_or(nullptr) == nullptr);
  }

  TEST_CASE("whoever asks a result for what it does not hold ends the process: nothing else is ever read") {
    const Result<int> odd = half(3), good = half(4);
    const Result<void> failed = check_quarter(3), done;
    CHECK(io::in_child([&] { return odd.value() == 0; }) == 128 + SIGABRT);
    CHECK(io::in_child([&] { return *odd == 0; }) == 128 + SIGABRT);
    CHECK(io::in_child([&] { return good.error().at == 0; }) == 128 + SIGABRT);
    CHECK(io::in_child([&] { return failed.value(), true; }) == 128 + SIGABRT);
    CHECK(io::in_child([&] { return done.error().at == 0; }) == 128 + SIGABRT);
    CHECK(io::in_child([&] { return good.value() == 2 && (done.value(), true); }) == 0);
  }

  TEST_CASE("a file is named once") {
    CHECK(Error{.what = "w"}.in("a").file == "a");
    CHECK(Error{.what = "w", .file = "a"}.in("b").file == "a");
  }

  TEST_CASE("each code has the exit status of its kind") {
    const struct {
      Code code;
      int status;
    } rows[] = {{Code::kInvalidArgument, 1},
                {Code::kBadInput, 1},
                {Code::kNotFound, 1},
                {Code::kExists, 1},
                {Code::kNotAnIndex, 1},
                {Code::kUnsupported, 1},
                {Code::kReadOnly, 1},
                {Code::kBusy, 1},
                {Code::kCancelled, 1},
                {Code::kOverBudget, 1},
                {Code::kCorrupt, 2},
                {Code::kTruncated, 2},
                {Code::kIo, 3},
                {Code::kNoSpace, 3},
                {Code::kNoMemory, 3},
                {Code::kPermission, 3},
                {Code::kCommitUnknown, 3}};
    for (const auto& row : rows) {
      CAPTURE(static_cast<int>(row.code));
      CHECK(exit_status(row.code) == row.status);
    }
    CHECK(exit_status(static_cast<Code>(999)) == 3);
  }

  TEST_CASE("the macros hand values on and errors back") {
    CHECK(check_quarter(8));
    CHECK_FALSE(check_quarter(7));
    const Result<void> got = check_quarter(6);
    REQUIRE_FALSE(got);
    CHECK(got.error().what == "odd");
  }
}

}  // namespace nearline
