// SPDX-License-Identifier: Apache-2.0
/// What the simulated disk and its open files share. Every member function may be called from any thread.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <vector>

#include "io/simulated_disk.h"
#include "io/simulated_inode.h"

namespace nearline::io {

using InodePtr = std::shared_ptr<SimulatedInode>;
using Names = std::map<std::filesystem::path, InodePtr>;

/// One change of names, durable whole or not at all. A null inode: the name is gone.
using NameChange = std::vector<std::pair<std::filesystem::path, InodePtr>>;

struct SimulatedDisk::State {
  static constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::kLock) + 1;

  explicit State(std::uint64_t seed) : random(seed) {}

  /// Counts a call, tells the hook, and fails it when its turn has come.
  Result<void> step(Operation operation, std::string_view what, const std::filesystem::path& path);
  /// How much of `bytes` a read or write shall do.
  std::size_t part(std::size_t bytes);
  /// Bytes that files may still grow by.
  std::uint64_t room();

  void change_names(NameChange change);
  InodePtr make_inode();

  std::mutex mutex;  ///< guards everything below; `step` and `part` take it themselves
  Faults faults;
  std::function<void(std::uint64_t, Operation)> hook;
  std::uint64_t total_calls = 0;
  std::array<std::uint64_t, kOperations> operation_calls{};
  std::mt19937_64 random;
  BootId boot = {1};
  Names names;                                        ///< as everybody sees them
  Names durable_names;                                ///< as a power cut leaves them at least
  std::vector<NameChange> name_changes;               ///< between the two, oldest first
  std::vector<std::weak_ptr<SimulatedInode>> inodes;  ///< all that exist, named or only open
};

/// Names of the same file are written in one way.
[[nodiscard]] std::filesystem::path one_spelling(const std::filesystem::path& path);

}  // namespace nearline::io
