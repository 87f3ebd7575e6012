// SPDX-License-Identifier: Apache-2.0
#include "io/system_error.h"

#include <cerrno>

namespace nearline::io {

Code code_of(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return Code::kNotFound;
    case EEXIST: return Code::kExists;
    case EACCES:
    case EPERM: return Code::kPermission;
    case EROFS: return Code::kReadOnly;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Code::kNoSpace;
    case ENOMEM: return Code::kNoMemory;
    case EISDIR:
    case ELOOP: return Code::kBadInput;  // not a file of its own
    default: return Code::kIo;
  }
}

Error system_error(int number, std::string_view what, const std::filesystem::path& path, std::uint64_t at) {
  return Error{.code = code_of(number), .what = std::string(what), .file = path.string(), .at = at, .system = number};
}

Error named_for(Error error, const std::filesystem::path& served) {
  if (error.system != 0 && error.file.empty()) error.file = served.string();
  return error;
}

Error ends_too_early(const std::filesystem::path& path, std::uint64_t at, std::uint64_t missing) {
  return Error{.code = Code::kTruncated,
               .what = "the file ends too early: expected " + std::to_string(missing) + " more bytes",
               .file = path.string(),
               .at = at};
}

}  // namespace nearline::io
