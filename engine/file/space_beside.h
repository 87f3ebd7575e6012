// SPDX-License-Identifier: Apache-2.0
/// Room in an index file for sections that are written while commits go on (SPEC.md section 8). It is free by the rule
/// for the newest commit, later ones list it as free and leave it alone, and the one that names what stands there takes
/// it. A writer that dies leaves free space.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "engine/file/file_space.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Threads: one takes, another one commits.
class SpaceBeside {
 public:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t serial = 0;  ///< of the section: no commit gives it to another one
  };

  /// Reserves room for a section. Waits for a commit that is being written. Errors: those of File::allocate, and
  /// kInvalidArgument where no serial is left.
  Result<Place> take(io::File& file, std::uint64_t bytes);
  /// Bytes that can be taken without making the file longer.
  [[nodiscard]] std::uint64_t usable_bytes() const;

  /// While it is held nothing is taken: a commit holds it from its first look at what is free until `renew`. The other
  /// calls expect it to be held.
  [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

  /// What may be taken from now on. end: where the file ends, or its newest commit, whichever is later. usable: of what
  /// that commit, of that generation, says is free. next_serial: as its manifest has it.
  void renew(std::uint64_t end, std::vector<format::Extent> usable, std::uint64_t generation,
             std::uint64_t next_serial);
  /// Nothing more can be taken: it is not known what is free.
  void close() noexcept { closed_ = true; }
  /// Nothing is reserved any more.
  void release() noexcept { reserved_.clear(); }

  [[nodiscard]] const std::vector<format::Extent>& reserved() const noexcept { return reserved_; }
  [[nodiscard]] std::uint64_t next_serial() const noexcept { return next_serial_; }
  /// The same extents without what is reserved.
  [[nodiscard]] std::vector<format::Extent> without_reserved(std::vector<format::Extent> extents) const;

 private:
  mutable std::mutex mutex_;
  FileSpace space_{0};
  std::vector<format::Extent> reserved_;
  std::uint64_t generation_ = 0;
  std::uint64_t next_serial_ = 0;
  bool closed_ = true;  ///< until the first renew
};

}  // namespace nearline::engine
