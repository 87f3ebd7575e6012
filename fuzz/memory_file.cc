// SPDX-License-Identifier: Apache-2.0
#include "fuzz/memory_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "fuzz/property.h"

namespace nearline::fuzzing {

MemoryFile::MemoryFile(const std::string& extension)
    : path_("/dev/shm/nearline-fuzz-" + std::to_string(getpid()) + extension) {
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FUZZ_PROPERTY(descriptor_ >= 0);
}

MemoryFile::~MemoryFile() {
  close(descriptor_);
  unlink(path_.c_str());
}

void MemoryFile::write(std::span<const std::uint8_t> bytes) {
  FUZZ_PROPERTY(ftruncate(descriptor_, 0) == 0);
  FUZZ_PROPERTY(pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

}  // namespace nearline::fuzzing
