// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "tests/io/child_process.h"
#include "tests/io/page_world.h"

namespace nearline::io {
namespace {

/// From now on io_uring_setup fails with `number`, as in a container that forbids it.
bool forbid_io_uring(int number) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(number)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{4, program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// This process's memory as a file, in which addresses that cannot be touched are bad sectors.
class MemoryFile final : public File {
 public:
  MemoryFile() : descriptor_(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() override { ::close(descriptor_); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  Result<std::uint64_t> size() const override { return std::uint64_t{1} << 62; }
  Result<std::size_t> read_some(std::uint64_t, std::span<std::byte>) const override { return refuse(); }
  Result<std::size_t> write_some(std::uint64_t, std::span<const std::byte>) override { return refuse(); }
  Result<void> allocate(std::uint64_t, std::uint64_t) override { return refuse(); }
  Result<void> punch(std::uint64_t, std::uint64_t) override { return refuse(); }
  Result<void> truncate(std::uint64_t) override { return refuse(); }
  Result<void> sync() override { return refuse(); }
  Result<std::unique_ptr<Mapping>> map(std::uint64_t, Access) const override { return refuse(); }
  Result<void> lock(std::uint64_t, bool) override { return refuse(); }
  Result<void> unlock(std::uint64_t) override { return refuse(); }
  Result<bool> locked_by_other(std::uint64_t, std::uint64_t) const override { return refuse(); }
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_; }

 private:
  static Error refuse() { return Error{.code = Code::kUnsupported, .what = "read through the descriptor only"}; }
  std::filesystem::path path_ = "/proc/self/mem";
  int descriptor_;
};

}  // namespace

TEST_SUITE("io/ring_pages") {
  TEST_CASE("where io_uring is forbidden or missing, the error gives the reason and pread goes on") {
    struct Case {
      int number;
      const char* reason;
    };
    for (const Case& each : {Case{EPERM, "forbidden"}, Case{ENOSYS, "does not offer"}, Case{ENOMEM, "RLIMIT_MEMLOCK"},
                             Case{EMFILE, "Too many open files"}}) {
      CAPTURE(each.reason);
      PageWorld world(10);
      CHECK(in_child([&] {
              if (!forbid_io_uring(each.number)) return false;
              const auto usable = io_uring_usable();
              const auto source = direct_source(world.real(), world.range(), {});
              PageBatch batch;
              auto reader = pread_source(world.real(), world.range(), {})->reader(world.least(), 8);
              return !usable && usable.error().code == Code::kUnsupported && usable.error().system == each.number &&
                     usable.error().what.find(each.reason) != std::string::npos && !source &&
                     source.error().code == Code::kUnsupported && reader;
            }) == 0);
    }
  }

  TEST_CASE("a file without a descriptor cannot be read directly") {
    PageWorld world(10);
    if (io_uring_usable()) {
      CHECK(direct_source(world.simulated(), world.range(), {}).error().code == Code::kUnsupported);
    }
  }

  TEST_CASE("a ring that cannot be set up is an error of the reader" * doctest::skip(!io_uring_usable())) {
    PageWorld world(10);
    const auto source = direct_source(world.real(), world.range(), {}).value();
    CHECK(in_child([&] {
            const rlimit none{0, 0};
            if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return false;
            const auto reader = source->reader(world.least(), PageWorld::kMaxBatch);
            return !reader && reader.error().code == Code::kIo && reader.error().system == EMFILE;
          }) == 0);
  }

  TEST_CASE("with little locked memory the buffers are not registered and the pages still come" *
            doctest::skip(!io_uring_usable())) {
    PageWorld world(300);
    const auto source = direct_source(world.real(), world.range(), world.check()).value();
    CHECK(in_child([&] {
            const rlimit little{256 * 1024, 256 * 1024};  // enough for the ring
            if (::setrlimit(RLIMIT_MEMLOCK, &little) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)) return false;
            auto reader = source->reader(1 << 20, PageWorld::kMaxBatch);
            PageBatch batch;
            return reader && PageWorld::read(**reader, batch, {1, 9}) && world.is_page(9, batch.pages[1]);
          }) == 0);
  }

  TEST_CASE("a file replaced under its name goes on being read" * doctest::skip(!io_uring_usable())) {
    PageWorld world(10);
    std::filesystem::remove(world.path());
    REQUIRE(real_file_system().create_new(world.path()));
    const auto source = direct_source(world.real(), world.range(), world.check()).value();
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
    PageBatch batch;
    REQUIRE(PageWorld::read(*reader, batch, {0, 9}));
    CHECK(world.is_page(9, batch.pages[1]));
  }

  TEST_CASE("direct reads leave nothing in the page cache, where the file system has such reads" *
            doctest::skip(!io_uring_usable())) {
    PageWorld world(10);
    const int direct = ::open(world.path().c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (direct < 0) return;
    ::close(direct);
    REQUIRE(world.real().sync());
    REQUIRE(::posix_fadvise(world.real().descriptor(), 0, 0, POSIX_FADV_DONTNEED) == 0);
    const auto mapping = world.real().map(world.offset(9) + 4096, Access::kRandom).value();
    const auto is_cached = [&](PageId page) {
      unsigned char resident = 0;
      auto* address = const_cast<std::byte*>(mapping->bytes().data()) + world.offset(page);
      REQUIRE(::mincore(address, 4096, &resident) == 0);
      return (resident & 1) != 0;
    };
    const auto source = direct_source(world.real(), world.range(), world.check()).value();
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
    if (is_cached(4)) return;  // a file system that keeps all in memory
    PageBatch batch;
    REQUIRE(PageWorld::read(*reader, batch, {4}));
    CHECK_FALSE(is_cached(4));
  }

  TEST_CASE("a file that is too short is refused, and one cut later fails the pages that are gone" *
            doctest::skip(!io_uring_usable())) {
    PageWorld world(10);
    auto range = world.range();
    range.page_count = 11;
    CHECK(direct_source(world.real(), range, {}).error().code == Code::kTruncated);
    for (const std::uint64_t left : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{512}, std::uint64_t{4000}}) {
      CAPTURE(left);
      PageWorld cut(10, 8192);
      const auto source = direct_source(cut.real(), cut.range(), {}).value();
      auto reader = source->reader(cut.least(), PageWorld::kMaxBatch).value();
      REQUIRE(cut.real().truncate(cut.offset(7) + 4096 + left));
      PageBatch batch;
      PageBatch other;
      other.wanted = {6, 5};
      reader->begin(other);
      const auto got = PageWorld::read(*reader, batch, {6, 7});
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kTruncated);
      while (other.pending > 0) reader->poll();
      CHECK(other.outcome);
      CHECK(cut.is_page(6, other.pages[0]));
    }
  }

  TEST_CASE("a bad place fails its page with the errno and no other page" * doctest::skip(!io_uring_usable())) {
    constexpr std::size_t kPages = 8;
    void* memory = ::mmap(nullptr, kPages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    auto* bytes = static_cast<std::byte*>(memory);
    for (std::size_t page = 0; page < kPages; ++page) bytes[page * 4096] = static_cast<std::byte>(page);
    const int empty = ::memfd_create("empty", MFD_CLOEXEC);  // a page behind the end of a file cannot be read
    REQUIRE(::mmap(bytes + 3 * 4096, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, empty, 0) != MAP_FAILED);
    ::close(empty);
    const MemoryFile file;
    const PageRange range{.at = reinterpret_cast<std::uintptr_t>(bytes), .page_bytes = 4096, .page_count = kPages};
    const auto source = direct_source(file, range, {}).value();
    auto reader = source->reader(least_cache_bytes(4096, 8), 8).value();
    PageBatch batch;
    PageBatch other;
    other.wanted = {4, 5};
    reader->begin(other);
    const auto got = PageWorld::read(*reader, batch, {2, 3, 4});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kIo);
    CHECK(got.error().system == EIO);
    CHECK(got.error().at == range.at + 3 * 4096);
    while (other.pending > 0) reader->poll();
    CHECK(other.outcome);
    CHECK(*other.pages[1] == std::byte{5});
    REQUIRE(PageWorld::read(*reader, batch, {2, 7}));
    CHECK(*batch.pages[1] == std::byte{7});
    ::munmap(memory, kPages * 4096);
  }

  TEST_CASE("more reads than the ring is deep all come" * doctest::skip(!io_uring_usable())) {
    PageWorld world(500);
    const auto source = direct_source(world.real(), world.range(), world.check()).value();
    auto reader = source->reader(least_cache_bytes(4096, 500), 300).value();
    PageBatch batch;
    std::vector<PageId> wanted(300);
    for (PageId page = 0; page < 300; ++page) wanted[page] = (page * 7) % 500;
    REQUIRE(PageWorld::read(*reader, batch, wanted));
    for (PageId i = 0; i < 300; ++i) CHECK(world.is_page(wanted[i], batch.pages[i]));
    CHECK(batch.disk_reads == 300);
  }
}

}  // namespace nearline::io
