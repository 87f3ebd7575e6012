// SPDX-License-Identifier: Apache-2.0
/// A file system in memory that misbehaves on demand: the stage for every crash and fault test. Deterministic from its
/// seed. What has been written but not synced is lost, kept, reordered or torn (by 512-byte sectors) at a power cut;
/// a name is durable only after sync_directory; size and data become durable independently until a sync.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "io/file.h"
#include "io/page_source.h"

namespace nearline::io {

enum class Operation {
  kOpen,
  kCreate,
  kRead,
  kWrite,
  kAllocate,
  kPunch,
  kTruncate,
  kSync,
  kRename,
  kRemove,
  kSyncDirectory,
  kMap,
  kLock
};

class SimulatedDisk final : public FileSystem {
 public:
  explicit SimulatedDisk(std::uint64_t seed = 1);
  ~SimulatedDisk() override;

  /// What shall go wrong. Calls are counted from 1 over all operations of all files.
  struct Faults {
    std::uint64_t fail_call = 0;  ///< this call fails; 0: none
    bool fail_for_ever = false;   ///< and all calls after it
    int error = 5;                ///< errno of the failure (EIO)
    bool sync_drops = false;      ///< a failed sync marks the data clean without writing it; the next one succeeds
    bool short_io = false;        ///< reads and writes return a random part
    std::uint64_t bad_at = 0;     ///< reads that touch [bad_at, bad_at + bad_bytes) of any file fail with `error`
    std::uint64_t bad_bytes = 0;
    std::uint64_t capacity = ~std::uint64_t{0};  ///< bytes; beyond them ENOSPC
  };
  void set_faults(const Faults& faults);
  [[nodiscard]] std::uint64_t calls() const noexcept;
  [[nodiscard]] std::uint64_t calls(Operation operation) const noexcept;

  /// The disk after a power cut now: a new disk with what is durable and, of the rest, a choice drawn from `seed`; its
  /// boot is another.
  [[nodiscard]] std::unique_ptr<SimulatedDisk> after_power_cut(std::uint64_t seed) const;
  /// The same disk once more, with what is not durable yet, and without faults, hooks and locks.
  [[nodiscard]] std::unique_ptr<SimulatedDisk> clone() const;
  /// Called before every operation, with its number: a test takes power cuts from here.
  void on_call(std::function<void(std::uint64_t call, Operation operation)> hook);

  /// The bytes of a file as a reader sees them now, and a way to put some there, synced.
  [[nodiscard]] std::vector<std::byte> contents(const std::filesystem::path& path) const;
  void put(const std::filesystem::path& path, std::vector<std::byte> bytes);
  [[nodiscard]] std::vector<std::filesystem::path> names() const;

  [[nodiscard]] BootId boot_id() const noexcept override;
  Result<std::unique_ptr<File>> open_read(const std::filesystem::path& path) override;
  Result<std::unique_ptr<File>> open_write(const std::filesystem::path& path) override;
  Result<std::unique_ptr<File>> create_new(const std::filesystem::path& path) override;
  Result<std::unique_ptr<File>> create_unnamed(const std::filesystem::path& directory) override;
  Result<bool> exists(const std::filesystem::path& path) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> sync_directory(const std::filesystem::path& directory) override;

  struct State;  ///< shared with the open files

 private:
  Result<std::unique_ptr<File>> open(const std::filesystem::path& path, std::string_view what, bool writable);

  std::shared_ptr<State> state_;
};

/// Pages of a File through a queue that completes reads late and out of order, drawn from `seed`: the search's
/// suspension points are exercised without a kernel. Failures come from the File.
std::unique_ptr<PageSource> simulated_source(const File& file, const PageRange& range, PageCheck check,
                                             std::uint64_t seed);

}  // namespace nearline::io
