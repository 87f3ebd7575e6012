// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include <new>
#include <utility>

#include "io/temporary_name.h"

namespace nearline::io {

Result<AtomicFile> AtomicFile::create(FileSystem& fs, const std::filesystem::path& target, bool replace) {
  NEARLINE_TRY(place, fs.resolve(target));
  if (!replace) {
    NEARLINE_TRY(taken, fs.exists(place));
    if (taken) return Error{.code = Code::kExists, .what = "exists already", .file = target.string()};
  }
  AtomicFile made;
  made.fs_ = &fs;
  made.target_ = std::move(place);
  made.replace_ = replace;
  fs.remove_stale(directory_of(made.target_));
  NEARLINE_TRY(temporary, create_temporary(made.target_.parent_path(), [&](const std::filesystem::path& name) {
                 return fs.create_successor(name, made.target_);
               }));
  made.file_ = std::move(temporary.file);
  made.name_ = std::move(temporary.name);
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
  name_ = std::move(other.name_);
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
    const auto removed = fs_->remove(name_);
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
  auto renamed = fs_->rename(name_, target_, replace_);
  if (!renamed) {
    discard();
    return renamed;
  }
  temporary_ = false;
  auto durable = fs_->sync_directory(target_.parent_path());
  if (!durable) durable.error().code = Code::kCommitUnknown;
  return durable;
}

Result<void> check_not_input(FileSystem& fs, const std::filesystem::path& output, const FileIdentity& input) {
  const auto there = fs.identity(output);
  if (!there) return there.error().code == Code::kNotFound ? Result<void>{} : there.error();
  if (*there != input) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = "the output is what it would be made from: expected another file",
               .file = output.string()};
}

}  // namespace nearline::io
