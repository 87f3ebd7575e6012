// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include <new>
#include <utility>

#include "io/temporary_name.h"

namespace nearline::io {

Result<AtomicFile> AtomicFile::create(FileSystem& fs, const std::filesystem::path& target, bool replace) {
  if (!replace) {
    NEARLINE_TRY(taken, fs.exists(target));
    if (taken) return Error{.code = Code::kExists, .what = "exists already", .file = target.string()};
  }
  AtomicFile made;
  made.fs_ = &fs;
  made.target_ = target;
  made.replace_ = replace;
  NEARLINE_TRY(file, create_temporary(fs, target.parent_path()));
  made.file_ = std::move(file);
  return made;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept {
  *this = std::move(other);
}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  fs_ = other.fs_;
  file_ = std::move(other.file_);
  temporary_ = other.temporary_;
  target_ = std::move(other.target_);
  replace_ = other.replace_;
  return *this;
}

AtomicFile::~AtomicFile() {
  discard();
}

void AtomicFile::discard() noexcept {
  if (!file_ || !temporary_) return;
  temporary_ = false;
  try {
    const auto removed = fs_->remove(file_->path());
    static_cast<void>(removed);      // nothing more can be done: the name says whose it is
  } catch (const std::bad_alloc&) {  // nor where there is no memory to say why
  }
}

Result<void> AtomicFile::publish() {
  auto synced = file_->sync();
  if (!synced) {
    discard();
    return synced;
  }
  auto renamed = fs_->rename(file_->path(), target_, replace_);
  if (!renamed) {
    discard();
    return renamed;
  }
  temporary_ = false;
  auto durable = fs_->sync_directory(target_.parent_path());
  if (!durable) durable.error().code = Code::kCommitUnknown;
  return durable;
}

}  // namespace nearline::io
