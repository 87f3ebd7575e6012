// SPDX-License-Identifier: Apache-2.0
/// Makes libFuzzer's mutations pass the checksums, half of the time: what an attacker would do. After a mutation the
/// manifest and the superblocks are stamped again; and where they still decode, every section's checksum tree is built
/// anew over the changed data.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "tests/support/restamp.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  // Most edits are small ones in place: an index that grows or moves by a byte is only truncated or misaligned.
  if (size > 0 && random() % 4 != 0) {
    const std::size_t at = random() % size;
    LLVMFuzzerMutate(data + at, std::min<std::size_t>(size - at, 8), std::min<std::size_t>(size - at, 8));
  } else {
    size = LLVMFuzzerMutate(data, size, max_size);
  }
  if (random() % 2 == 0) return size;
  std::vector<std::byte> file(size);
  std::memcpy(file.data(), data, size);
  nearline::testing::restamp(file);
  nearline::testing::restamp_sections(file);
  std::memcpy(data, file.data(), size);
  return size;
}
