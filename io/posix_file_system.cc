// SPDX-License-Identifier: Apache-2.0
/// Names and directories of the operating system.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <new>
#include <string>

#include "io/posix_file.h"
#include "io/successor.h"
#include "io/symbolic_link.h"
#include "io/system_error.h"
#include "io/temporary_name.h"

namespace nearline::io {
namespace {

constexpr mode_t kOwnerOnly = 0600;

Descriptor open_descriptor(const std::filesystem::path& path, int flags) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, kOwnerOnly);
  } while (number < 0 && errno == EINTR);
  return Descriptor(number);
}

/// Refuses directories, pipes and devices: they have no size and no offsets.
Result<std::unique_ptr<File>> regular_file(Descriptor descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return system_error(errno, "cannot ask for the kind of file", path);
  if (!S_ISREG(status.st_mode)) {
    return Error{.code = Code::kBadInput, .what = "not a regular file", .file = path.string()};
  }
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), path));
}

int rename_without_replacing(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // This file system knows no such flag: a hard link is refused as well when the name is taken.
  if (::link(from, to) != 0) return errno;
  return ::unlink(from) == 0 ? 0 : errno;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The kernel's own id, as text with dashes. It is the same in all containers.
BootId read_boot_id() noexcept {
  constexpr std::size_t kTextBytes = 36;
  char text[kTextBytes];
  const Descriptor descriptor(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  if (!descriptor || ::read(descriptor.get(), text, sizeof text) != ssize_t{sizeof text}) return {};
  BootId id{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int value = hex_digit(c);
    if (value < 0 || digits == 2 * id.size()) return {};
    id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] * 16 + value);
    ++digits;
  }
  return digits == 2 * id.size() ? id : BootId{};
}

class PosixFileSystem final : public FileSystem {
 public:
  [[nodiscard]] BootId boot_id() const noexcept override {
    static const BootId kId = read_boot_id();  // no process outlives its kernel
    return kId;
  }

  Result<std::unique_ptr<File>> open_read(const std::filesystem::path& path) override {
    // O_NONBLOCK: opening a pipe must not hang. O_NOATIME: reading leaves no trace, where we own the file.
    auto descriptor = open_descriptor(path, O_RDONLY | O_NONBLOCK | O_NOATIME);
    if (!descriptor && errno == EPERM) descriptor = open_descriptor(path, O_RDONLY | O_NONBLOCK);
    if (!descriptor) return system_error(errno, "cannot open for reading", path);
    return regular_file(std::move(descriptor), path);
  }

  Result<std::unique_ptr<File>> open_write(const std::filesystem::path& path) override {
    auto descriptor = open_descriptor(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    if (!descriptor) return system_error(errno, "cannot open for writing", path);
    return regular_file(std::move(descriptor), path);
  }

  Result<std::unique_ptr<File>> create_new(const std::filesystem::path& path) override {
    auto descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (!descriptor) return system_error(errno, "cannot create", path);
    try {
      return regular_file(std::move(descriptor), path);
    } catch (const std::bad_alloc&) {
      ::unlink(path.c_str());  // who did not get the file cannot remove it
      throw;
    }
  }

  Result<std::unique_ptr<File>> create_successor(const std::filesystem::path& path,
                                                 const std::filesystem::path& target) override {
    NEARLINE_TRY(descriptor, open_successor(path, target));
    try {
      return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), target));
    } catch (const std::bad_alloc&) {
      ::unlink(path.c_str());
      throw;
    }
  }

  void remove_stale(const std::filesystem::path& directory) override { remove_stale_successors(directory); }

  Result<std::filesystem::path> resolve(const std::filesystem::path& path) override { return target_of_link(path); }

  Result<FileIdentity> identity(const std::filesystem::path& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return FileIdentity{status.st_dev, status.st_ino};
    return system_error(errno, "cannot ask which file it is", path);
  }

  Result<std::unique_ptr<File>> create_unnamed(const std::filesystem::path& directory) override {
    const auto& place = directory.empty() ? std::filesystem::path(".") : directory;
    auto descriptor = open_descriptor(place, O_RDWR | O_TMPFILE);
    if (descriptor) return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), ""));
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
      return system_error(errno, "cannot create a temporary file", place);
    }
    NEARLINE_TRY(made, create_temporary(place, [&](const auto& name) -> Result<std::unique_ptr<File>> {
                   auto named = open_descriptor(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
                   if (!named) return system_error(errno, "cannot create a temporary file", place);
                   NEARLINE_CHECK(remove(name));
                   return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(named), ""));
                 }));
    return std::move(made.file);
  }

  Result<bool> exists(const std::filesystem::path& path) override {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error(errno, "cannot ask whether it exists", path);
  }

  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) override {
    int number = 0;
    if (!replace) {
      number = rename_without_replacing(from.c_str(), to.c_str());
    } else if (::rename(from.c_str(), to.c_str()) != 0) {
      number = errno;
    }
    if (number == 0) return {};
    return system_error(number, "cannot be given this name", to);
  }

  Result<void> remove(const std::filesystem::path& path) override {
    if (::unlink(path.c_str()) != 0) return system_error(errno, "cannot remove", path);
    return {};
  }

  Result<void> sync_directory(const std::filesystem::path& directory) override {
    const auto& place = directory.empty() ? std::filesystem::path(".") : directory;
    const auto descriptor = open_descriptor(place, O_RDONLY | O_DIRECTORY);
    if (!descriptor) return system_error(errno, "cannot open the directory", place);
    // EINVAL: a file system whose directories cannot be flushed one by one.
    if (::fsync(descriptor.get()) != 0 && errno != EINVAL) {
      return system_error(errno, "cannot flush the directory to the disk", place);
    }
    return {};
  }
};

}  // namespace

FileSystem& real_file_system() noexcept {
  // Never destroyed: others may use it while the program ends.
  alignas(PosixFileSystem) static std::byte storage[sizeof(PosixFileSystem)];
  static auto& system = *::new (storage) PosixFileSystem();
  return system;
}

}  // namespace nearline::io
