// SPDX-License-Identifier: Apache-2.0
/// One file of the simulated disk: what readers see, what is durable, and what lies between the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nearline::io {

class SimulatedInode {
 public:
  SimulatedInode() = default;
  /// A file whose bytes are durable.
  explicit SimulatedInode(std::vector<std::byte> bytes) : live_(bytes), durable_(std::move(bytes)) {}

  /// The same file, open nowhere.
  [[nodiscard]] SimulatedInode clone() const {
    SimulatedInode copy = *this;
    copy.locks.clear();
    copy.opens = 0;
    return copy;
  }

  [[nodiscard]] const std::vector<std::byte>& live() const noexcept { return live_; }

  void write(std::uint64_t at, std::span<const std::byte> bytes);
  void resize(std::uint64_t bytes);
  /// All changes become durable, or, when the system drops them, are no longer on their way to the disk.
  void sync();
  void drop_unsynced() noexcept { changes_.clear(); }

  /// What a power cut leaves. Each sector holds what it held at some moment since the last sync, possibly torn between
  /// two; so does the size, independently; space that got its size but not its data holds zeros or rubbish.
  [[nodiscard]] std::vector<std::byte> after_power_cut(std::uint64_t seed) const;

  struct Lock {
    std::uint64_t at = 0;
    const void* owner = nullptr;
    bool exclusive = false;
  };
  std::vector<Lock> locks;
  std::uint32_t opens = 0;  ///< open files; with a name or one of these it takes space

 private:
  struct Change {
    std::uint64_t size = 0;  ///< of the file afterwards, at least
    std::uint64_t at = 0;
    std::vector<std::byte> bytes{};
    bool cuts = false;  ///< exactly: bytes beyond `size` are gone for good
  };
  static void apply(const Change& change, std::vector<std::byte>& to);

  std::vector<std::byte> live_;
  std::vector<std::byte> durable_;
  std::vector<Change> changes_;  ///< since the last sync, oldest first
};

}  // namespace nearline::io
