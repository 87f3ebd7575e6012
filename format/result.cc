// SPDX-License-Identifier: Apache-2.0
/// Errors in words, and the exit status that each stands for. They live in the lowest room because every room uses
/// them.
#include "nearline/result.h"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <system_error>

namespace nearline {

std::string Error::message() const {
  std::string text;
  if (!file.empty()) text = file + ": ";
  const std::size_t seam = std::min(what.rfind(": expected "), what.size());
  text.append(what, 0, seam);
  if (at != kNowhere) text += " (at byte " + std::to_string(at) + ")";
  text.append(what, seam);
  if (system != 0) text += ": " + std::generic_category().message(system);
  return text;
}

std::string_view name(Code code) noexcept {
  switch (code) {
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kBadInput: return "bad_input";
    case Code::kNotFound: return "not_found";
    case Code::kExists: return "exists";
    case Code::kNotAnIndex: return "not_an_index";
    case Code::kUnsupported: return "unsupported";
    case Code::kReadOnly: return "read_only";
    case Code::kBusy: return "busy";
    case Code::kCancelled: return "cancelled";
    case Code::kOverBudget: return "over_budget";
    case Code::kCorrupt: return "corrupt";
    case Code::kTruncated: return "truncated";
    case Code::kIo: return "io";
    case Code::kNoSpace: return "no_space";
    case Code::kNoMemory: return "no_memory";
    case Code::kPermission: return "permission";
    case Code::kCommitUnknown: return "commit_unknown";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, Code code) {
  return out << name(code);
}
std::ostream& operator<<(std::ostream& out, const Error& error) {
  return out << error.message();
}

namespace detail {

/// Memory may be what is lacking, so the message is put together only as far as that goes.
void no_value(const Error& error) noexcept {
  std::fputs("nearline: the value of a Result that holds an error: ", stderr);
  std::fputs(error.file.c_str(), stderr);
  std::fputs(error.file.empty() ? "" : ": ", stderr);
  std::fputs(error.what.c_str(), stderr);
  std::fputs("\n", stderr);
  __builtin_abort();
}

void no_error() noexcept {
  std::fputs("nearline: the error of a Result that holds a value\n", stderr);
  __builtin_abort();
}

}  // namespace detail

int exit_status(Code code) noexcept {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kBadInput:
    case Code::kNotFound:
    case Code::kExists:
    case Code::kNotAnIndex:
    case Code::kUnsupported:
    case Code::kReadOnly:
    case Code::kBusy:
    case Code::kCancelled:
    case Code::kOverBudget: return 1;
    case Code::kCorrupt:
    case Code::kTruncated: return 2;
    case Code::kIo:
    case Code::kNoSpace:
    case Code::kNoMemory:
    case Code::kPermission:
    case Code::kCommitUnknown: return 3;
  }
  return 3;
}

}  // namespace nearline
