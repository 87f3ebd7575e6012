// SPDX-License-Identifier: Apache-2.0
#include "io/memory_info.h"

#include <doctest/doctest.h>

#include <fstream>
#include <vector>

#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

constexpr std::uint64_t kMib = 1 << 20;

/// A machine of 1000 MiB, 800 of them free, with control groups as the test writes them.
class Machine {
 public:
  Machine() { write("proc/meminfo", "MemTotal: 1024000 kB\nMemFree: 1 kB\nMemAvailable: 819200 kB\n"); }

  void write(const std::filesystem::path& name, const std::string& text) const {
    std::filesystem::create_directories((root_.path() / name).parent_path());
    std::ofstream(root_.path() / name) << text;
  }
  [[nodiscard]] MemoryInfo info() const { return memory_info(root_.path()); }

 private:
  TempDir root_;
};

}  // namespace

TEST_SUITE("io/memory_info") {
  TEST_CASE("without control groups the machine's figures stand") {
    const Machine machine;
    const auto info = machine.info();
    CHECK(info.total == 1000 * kMib);
    CHECK(info.available == 800 * kMib);
    CHECK_FALSE(info.limited);
  }

  TEST_CASE("a version 1 limit stands, and cached file pages count as available") {
    const Machine machine;
    machine.write("proc/self/cgroup", "5:cpu:/other\n4:memory:/job\n0::/\n");
    machine.write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", std::to_string(200 * kMib));
    machine.write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(150 * kMib));
    machine.write("sys/fs/cgroup/memory/job/memory.stat",
                  "inactive_file 1\ntotal_inactive_file " + std::to_string(50 * kMib) + "\n");
    const auto info = machine.info();
    CHECK(info.limited);
    CHECK(info.total == 200 * kMib);
    CHECK(info.available == 100 * kMib);
  }

  TEST_CASE("a version 2 limit of any group above counts") {
    const Machine machine;
    machine.write("proc/self/cgroup", "0::/outer/inner\n");
    machine.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    machine.write("sys/fs/cgroup/outer/memory.max", std::to_string(100 * kMib) + "\n");
    machine.write("sys/fs/cgroup/outer/memory.current", std::to_string(130 * kMib));  // over its limit
    const auto info = machine.info();
    CHECK(info.limited);
    CHECK(info.total == 100 * kMib);
    CHECK(info.available == 0);
  }

  TEST_CASE("the huge number that stands for no limit is none") {
    const Machine machine;
    machine.write("proc/self/cgroup", "4:name=systemd:/\n4:cpu,memory:/\nrubbish\n");
    machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    CHECK_FALSE(machine.info().limited);
    CHECK(machine.info().total == 1000 * kMib);
  }

  TEST_CASE("where nothing can be read the figures are zero") {
    const TempDir empty;
    const auto info = memory_info(empty.path());
    CHECK(info.total == 0);
    CHECK(info.available == 0);
  }

  TEST_CASE("this machine has memory and a processor, and we take some of it") {
    CHECK(memory_info().total > 0);
    CHECK(memory_info().available <= memory_info().total);
    CHECK(processor_count() >= 1);
    const std::vector<char> taken(32 * kMib, 1);
    const auto resident = resident_memory();
    CHECK(resident.now >= 32 * kMib);
    CHECK(resident.peak >= resident.now);
    CHECK(taken.back() == 1);
  }
}

}  // namespace nearline::io
