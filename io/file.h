// SPDX-License-Identifier: Apache-2.0
/// The one door to the outside: files, directories, locks. The engine is given a FileSystem and never a descriptor,
/// so that a simulated disk can stand in for the real one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "nearline/result.h"

namespace nearline::io {

/// A read-only mapping of a file's first bytes. Unmapped on destruction.
class Mapping {
 public:
  virtual ~Mapping() = default;
  [[nodiscard]] virtual std::span<const std::byte> bytes() const noexcept = 0;

  /// A hint that [at, at + bytes) will be read soon: the kernel may start fetching it. Multiples of 4096, inside
  /// bytes().
  virtual void will_need(std::uint64_t /*at*/, std::uint64_t /*bytes*/) const noexcept {}
  /// Brings [at, at + bytes) into memory and returns 0, or the errno where touching it would have raised SIGBUS. Where
  /// the kernel cannot say (before Linux 5.14) it returns 0 without having looked.
  [[nodiscard]] virtual int populate(std::uint64_t /*at*/, std::uint64_t /*bytes*/) const noexcept { return 0; }
};

/// How a mapped range will be used; a hint to the kernel that may be ignored.
enum class Access { kNormal, kRandom, kSequential };

/// Which file, whatever its name: two openings of one file have equal ones, two files that exist now have not.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// An open file. Every member may return kIo, kNoSpace or kPermission with errno and the path.
/// Threads: reads from many, and writes to parts of a file that no two of them touch; changes of size from one.
class File {
 public:
  virtual ~File() = default;

  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;
  virtual Result<std::uint64_t> size() const = 0;
  /// A file that cannot be opened twice need not say it.
  virtual Result<FileIdentity> identity() const { return FileIdentity{0, reinterpret_cast<std::uintptr_t>(this)}; }
  /// What the file takes on its disk: less than its size where it has holes, more where blocks are reserved.
  virtual Result<std::uint64_t> disk_bytes() const { return size(); }

  /// One pread: may return fewer bytes than asked; 0 at the end of the file. EINTR is retried inside.
  virtual Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const = 0;
  /// One pwrite: may write fewer bytes than asked, never 0 of a non-empty span.
  virtual Result<std::size_t> write_some(std::uint64_t at, std::span<const std::byte> bytes) = 0;

  /// Makes [at, at + bytes) exist, backed by disk space (fallocate; zeros are written where that is not supported).
  virtual Result<void> allocate(std::uint64_t at, std::uint64_t bytes) = 0;
  /// The same where it costs nothing, else nothing: finds a full disk before the work whose result it cannot hold.
  virtual Result<void> reserve(std::uint64_t at, std::uint64_t bytes) { return allocate(at, bytes); }
  /// Gives the blocks of [at, at + bytes) back to the file system; reads then find zeros, and the size stays. Nothing
  /// happens where that is not supported.
  virtual Result<void> punch(std::uint64_t at, std::uint64_t bytes) = 0;
  /// Cuts the file. What is cut off is nobody's: a map of it would raise SIGBUS.
  virtual Result<void> truncate(std::uint64_t bytes) = 0;
  /// fdatasync. After a failure the file's state is unknown and the caller must give it up.
  virtual Result<void> sync() = 0;

  /// A hint that [at, at + bytes) will be read soon: the kernel may start fetching it.
  virtual void will_need(std::uint64_t /*at*/, std::uint64_t /*bytes*/) const noexcept {}

  /// A hint that what was written to [at, at + bytes) may go to the disk now, so that a later sync has less to wait
  /// for. It makes nothing durable.
  virtual void start_flush(std::uint64_t /*at*/, std::uint64_t /*bytes*/) const noexcept {}

  /// Maps [0, bytes) read-only. Errors: kTruncated when the file is shorter; kUnsupported where mapping is not
  /// possible.
  virtual Result<std::unique_ptr<Mapping>> map(std::uint64_t bytes, Access access) const = 0;

  /// Open-file-description locks on one byte at `at` (beyond any data). kBusy when another open of the file holds a
  /// conflicting one. Exclusive needs a file open for writing. Dropped by unlock, by closing the file, and by the
  /// kernel when the process dies.
  virtual Result<void> lock(std::uint64_t at, bool exclusive) = 0;
  virtual Result<void> unlock(std::uint64_t at) = 0;
  /// Whether another open of the file, here or in another process, holds a lock in [at, at + bytes).
  virtual Result<bool> locked_by_other(std::uint64_t at, std::uint64_t bytes) const = 0;

  /// Descriptor for io_uring, or -1 when there is none (simulated disk).
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
};

/// Reads exactly out.size() bytes. Errors: kTruncated (at = where the file ended); those of read_some.
Result<void> read_exact(const File& file, std::uint64_t at, std::span<std::byte> out);
/// Writes all bytes. Errors: those of write_some.
Result<void> write_all(File& file, std::uint64_t at, std::span<const std::byte> bytes);

/// Which start of the kernel: what was written and not flushed may be lost once it is another. Zeros: nobody says.
using BootId = std::array<std::uint8_t, 16>;

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  [[nodiscard]] virtual BootId boot_id() const noexcept { return {}; }

  /// O_RDONLY|O_CLOEXEC. Regular files only. Errors: kNotFound, kPermission, kIo, kBadInput (a directory, a pipe).
  virtual Result<std::unique_ptr<File>> open_read(const std::filesystem::path& path) = 0;
  /// O_RDWR|O_CLOEXEC|O_NOFOLLOW. Errors: also kReadOnly.
  virtual Result<std::unique_ptr<File>> open_write(const std::filesystem::path& path) = 0;
  /// O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0600. Errors: kExists, kNotFound (no such directory), kPermission, kReadOnly.
  virtual Result<std::unique_ptr<File>> create_new(const std::filesystem::path& path) = 0;
  /// The same for a file that will take the name `target`. It is protected as the file is that has the name now: mode,
  /// group, and owner where the system allows it; where there is none, by the umask. Its errors and its path name the
  /// target. While it is open, remove_stale leaves it. Errors: also kBadInput for a target that is no regular file.
  virtual Result<std::unique_ptr<File>> create_successor(const std::filesystem::path& path,
                                                         const std::filesystem::path& /*target*/) {
    return create_new(path);
  }
  /// A file without a name in `directory` (O_TMPFILE, or created and unlinked), readable and writable, gone on close.
  /// Its errors name no file: whoever uses it knows what for.
  virtual Result<std::unique_ptr<File>> create_unnamed(const std::filesystem::path& directory) = 0;
  /// Removes what successors of processes that died have left in `directory`, as far as that is allowed.
  virtual void remove_stale(const std::filesystem::path& /*directory*/) {}
  virtual Result<bool> exists(const std::filesystem::path& path) = 0;
  /// What a symbolic link leads to in the end, whether that is there or not; any other path as it is.
  virtual Result<std::filesystem::path> resolve(const std::filesystem::path& path) { return path; }
  /// The file that the path leads to. Errors: kNotFound, kPermission, kIo.
  virtual Result<FileIdentity> identity(const std::filesystem::path& path);
  /// Renames over `to` when replace, else fails with kExists if `to` is there (RENAME_NOREPLACE).
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) = 0;
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  /// Makes names in `directory` durable.
  virtual Result<void> sync_directory(const std::filesystem::path& directory) = 0;
};

/// The operating system's. Never destroyed.
FileSystem& real_file_system() noexcept;

}  // namespace nearline::io
