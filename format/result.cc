// SPDX-License-Identifier: Apache-2.0
/// Errors in words, and the exit status that each stands for. They live in the lowest room because every room uses
/// them.
#include "nearline/result.h"

#include <algorithm>
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
    case Code::kCancelled: return 1;
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
