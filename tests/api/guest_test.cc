// SPDX-License-Identifier: Apache-2.0
/// What a library owes the process, the files and the folders that it is a guest of.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <numeric>
#include <string>
#include <thread>

#include "nearline/salvage.h"
#include "nearline/vector_file.h"
#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/io/child_process.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 16;
const Schema kSchema{kDim, ElementType::kF32, Metric::kL2};
constexpr std::uint64_t kSmallMemory = 2U << 20;

/// A built index with a flat segment and deleted records beside the large one.
class World {
 public:
  World() : base(testing::clusters(ElementType::kF32, 3'000, kDim)) {
    REQUIRE(build(path(), kSchema, base.view(0, 2'800)));
    auto writer = Writer::open(path());
    REQUIRE(writer);
    REQUIRE(writer->insert(base.view(2'800, 200)));
    REQUIRE(writer->erase(std::array<Id, 3>{1, 2, 2'900}));
    REQUIRE(writer->commit());
  }
  [[nodiscard]] std::filesystem::path path() const { return folder / "x.near"; }

  TempDir folder;
  Vectors base;
};

/// The temporary folder of this process for a while: in the system's, other tests come and go.
class OwnTemporaryFolder {
 public:
  OwnTemporaryFolder() { setenv("TMPDIR", folder_.path().c_str(), 1); }
  OwnTemporaryFolder(const OwnTemporaryFolder&) = delete;
  OwnTemporaryFolder& operator=(const OwnTemporaryFolder&) = delete;
  ~OwnTemporaryFolder() { setenv("TMPDIR", before_.c_str(), 1); }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

 private:
  std::string before_ = std::filesystem::temp_directory_path();
  TempDir folder_;
};

/// Everything that a reader can ask for.
void use(const std::filesystem::path& path, const Vectors& queries, const OpenOptions& options) {
  auto index = Index::open(path, options);
  REQUIRE_MESSAGE(index, message(index));
  CHECK(index->search(queries.view(0, 20), {.k = 5}));
  CHECK(index->search(queries.view(0, 2), {.k = 5, .exact = true}));
  std::vector<std::byte> vector(vector_bytes(kSchema.type, kSchema.dim));
  CHECK(index->get(std::array<Id, 1>{7}, vector));
  std::uint64_t seen = 0;
  CHECK(index->for_each(100, [&](std::span<const Id> ids, const MatrixView&) -> Result<void> {
    seen += ids.size();
    return {};
  }));
  CHECK(seen == 2'997);
  CHECK(index->sample_ids(10, 1));
  CHECK(index->graph_statistics({}));
  CHECK_FALSE(index->refresh().value());
  CHECK(verify(path, true)->findings.empty());
}

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

std::size_t threads_now() {
  return entries("/proc/self/task");
}

/// What each signal does; a library changes none.
std::array<void (*)(int), 65> handlers() {
  std::array<void (*)(int), 65> all{};
  for (std::size_t number = 1; number < all.size(); ++number) {
    struct sigaction action {};
    if (::sigaction(static_cast<int>(number), nullptr, &action) == 0) all[number] = action.sa_handler;
  }
  return all;
}

/// Descriptors that a program started now would inherit.
std::size_t inherited() {
  std::size_t count = 0;
  for (int descriptor = 0; descriptor < 1'024; ++descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
  }
  return count;
}

}  // namespace

TEST_SUITE("api/guest") {
  TEST_CASE("a file that is cut under its readers gives them errors, and no signal") {  // promise 12
    for (const IoMode io : io_modes()) {
      if (io == IoMode::kMapped) continue;  // what a map shows after the cut is the kernel's: see OpenOptions
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        const World world;
        OpenOptions options = with_io(io, kSmallMemory);
        options.ranking = ranking;
        auto index = Index::open(world.path(), options);
        REQUIRE_MESSAGE(index, message(index));
        std::filesystem::resize_file(world.path(), 3 * 4'096);
        const auto found = index->search(world.base.view(0, 500), {.k = 5});
        REQUIRE_FALSE(found);
        CHECK_MESSAGE((found.error().code == Code::kTruncated || found.error().code == Code::kIo), message(found));
        CHECK(found.error().file == world.path().string());
        CHECK_FALSE(index->search(world.base.view(0, 1), {.k = 5, .exact = true}));
        CHECK_FALSE(index->for_each(100, [](std::span<const Id>, const MatrixView&) { return Result<void>{}; }));
        CHECK_FALSE(index->refresh());
      }
    }
  }

  TEST_CASE("reading changes no byte, no time and no name, on a file that forbids writing") {  // promise 14
    const World world;
    REQUIRE(::chmod(world.path().c_str(), 0444) == 0);
    const auto bytes = contents(world.path());
    const struct stat before = status_of(world.path());
    const struct stat folder_before = status_of(world.folder.path());
    for (const IoMode io : io_modes()) use(world.path(), world.base, with_io(io, kSmallMemory));
    use(world.path(), world.base, {.untrusted = true});
    const struct stat after = status_of(world.path());
    const struct stat folder_after = status_of(world.folder.path());
    CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec);
    CHECK(after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    CHECK(after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
    CHECK(folder_after.st_mtim.tv_sec == folder_before.st_mtim.tv_sec);
    CHECK(folder_after.st_mtim.tv_nsec == folder_before.st_mtim.tv_nsec);  // nothing was there for a moment either
    CHECK(contents(world.path()) == bytes);
  }

  TEST_CASE("what was opened is closed, no thread is left, no signal handled, nothing inherited or put elsewhere") {
    // promise 19
    const auto handlers_before = handlers();
    const std::size_t threads = threads_now(), descriptors = entries("/proc/self/fd"), open_to_children = inherited();
    {
      const OwnTemporaryFolder elsewhere;
      const World world;
      for (const IoMode io : io_modes()) {
        const auto index = Index::open(world.path(), with_io(io, kSmallMemory, 2));
        REQUIRE(index);
        CHECK(index->search(world.base.view(0, 50), {.k = 5}));
        auto writer = Writer::open(world.path());
        REQUIRE(writer);
        CHECK(writer->insert(world.base.view(0, 10)));
        CHECK(inherited() == open_to_children);
        CHECK(writer->commit());
      }
      CHECK(Writer::open(world.path())->compact_to(world.folder / "dense"));
      CHECK(salvage(world.path(), world.folder / "saved"));
      CHECK(entries(world.folder.path()) == 3);
      CHECK(entries(elsewhere.path()) == 1);  // the world's folder
    }
    CHECK(handlers() == handlers_before);
    CHECK(threads_now() == threads);
    CHECK(entries("/proc/self/fd") == descriptors);
  }

  TEST_CASE("new files follow the umask, and one that is replaced gives its mode to its successor") {  // promise 19
    const World world;
    const auto made = [&](mode_t mask, bool replace) {
      const mode_t before = ::umask(mask);
      BuildOptions options = quick_build();
      options.replace = replace;
      REQUIRE(build(world.folder / "made", kSchema, world.base.view(0, 100), {}, options));
      ::umask(before);
      return status_of(world.folder / "made").st_mode & 07777;
    };
    for (const mode_t mask : {0077U, 0022U, 0002U}) {
      CAPTURE(mask);
      CHECK(made(mask, false) == (0666 & ~mask));
      REQUIRE(::chmod((world.folder / "made").c_str(), 0640) == 0);
      CHECK(made(mask, true) == 0640);
      std::filesystem::remove(world.folder / "made");
    }
  }

  TEST_CASE("an output that is a symbolic link is its target, also for a writer, and the link stays") {  // promise 19
    const World world;
    std::filesystem::create_directory(world.folder / "real");
    std::filesystem::rename(world.path(), world.folder / "real" / "x.near");
    std::filesystem::create_symlink("real/x.near", world.path());
    CHECK(build(world.path(), kSchema, world.base.view(0, 100)).error().code == Code::kExists);
    BuildOptions replacing = quick_build();
    replacing.replace = true;
    REQUIRE(build(world.path(), kSchema, world.base.view(0, 100), {}, replacing));
    auto writer = Writer::open(world.path());
    REQUIRE_MESSAGE(writer, message(writer));
    CHECK(writer->insert(world.base.view(100, 50)));
    CHECK(writer->commit());
    CHECK(writer->compact_to(world.path(), true));
    CHECK(std::filesystem::is_symlink(world.path()));
    CHECK(entries(world.folder / "real") == 1);
    CHECK(Index::open(world.folder / "real" / "x.near")->info().count == 150);
  }

  TEST_CASE("an output never takes the place of what it is made from") {
    const World world;
    const auto kept = contents(world.path());
    std::filesystem::create_hard_link(world.path(), world.folder / "hard.near");
    std::filesystem::create_symlink("x.near", world.folder / "soft.near");
    auto writer = Writer::open(world.path());
    REQUIRE(writer);
    const auto index = Index::open(world.path());
    REQUIRE(index);
    for (const char* name : {"x.near", "hard.near", "soft.near"}) {
      CAPTURE(name);
      CHECK(index->snapshot(world.folder / name, true).error().code == Code::kInvalidArgument);
      CHECK(salvage(world.path(), world.folder / name, {.replace = true}).error().code == Code::kInvalidArgument);
    }
    CHECK(contents(world.path()) == kept);
    REQUIRE(writer->insert(world.base.view(0, 40)));  // what is acknowledged now must be there
    REQUIRE(writer->commit());
    CHECK(Index::open(world.path())->info().count == 2'997 + 40);
    CHECK(entries(world.folder.path()) == 3);
    write(world.folder / "rows.fbin", {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
    std::filesystem::create_hard_link(world.folder / "rows.fbin", world.folder / "hard.fbin");
    for (const char* name : {"rows.fbin", "hard.fbin"}) {
      const auto rows = VectorFile::open(world.folder / "rows.fbin");
      REQUIRE_MESSAGE(rows, message(rows));
      const auto converted = convert_vectors(*rows, world.folder / name, true);
      CHECK(converted.error().code == Code::kInvalidArgument);
    }
  }

  TEST_CASE("a limit on the size of files is an error, and no signal") {  // promise 19
    const World world;
    CHECK(io::in_child([&] {
            const struct rlimit limit { 64U << 10, RLIM_INFINITY };
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
            const auto full = [](const auto& result) { return !result && result.error().code == Code::kNoSpace; };
            auto writer = Writer::open(world.path());
            return full(build(world.folder / "made", kSchema, world.base.view())) && writer &&
                   writer->insert(world.base.view(0, 10)) && full(writer->commit());
          }) == 0);
    CHECK(entries(world.folder.path()) == 1);
    CHECK(Index::open(world.path())->info().count == 2'997);
  }

  TEST_CASE("a child is refused what its parent opened, opens for itself, and the parent goes on") {  // promise 19
    const World world;
    const Vectors& base = world.base;
    for (const IoMode io : io_modes()) {
      auto index = Index::open(world.path(), with_io(io, kSmallMemory));
      REQUIRE(index);
      auto writer = Writer::open(world.path());
      REQUIRE(writer);
      REQUIRE(writer->insert(base.view(0, 1)));
      const auto refused = [](const auto& result) {
        return !result && result.error().code == Code::kInvalidArgument &&
               result.error().what.find("expected each process to open") != std::string::npos;
      };
      CHECK(io::in_child([&] {
              const auto own = Index::open(world.path(), with_io(io, kSmallMemory));
              const auto busy = Writer::open(world.path());
              const bool answers = own && own->search(base.view(0, 1), {.k = 5});
              return refused(index->search(base.view(0, 1), {.k = 5})) && refused(index->refresh()) &&
                     refused(writer->insert(base.view(0, 1))) && refused(writer->commit()) && answers && !busy &&
                     busy.error().code == Code::kBusy;
            }) == 0);
      CHECK(index->search(base.view(0, 1), {.k = 5}));
      CHECK(writer->commit());
    }
  }

  TEST_CASE("a child that gives up its parent's writer does not wait for a merge, and the parent's goes on") {
    const World world;
    auto writer = Writer::open(world.path());
    REQUIRE(writer);
    std::vector<Id> gone(500);
    std::iota(gone.begin(), gone.end(), Id{10});
    REQUIRE(writer->erase(gone));
    REQUIRE(writer->commit().value().merging);
    CHECK(io::in_child([&] {
            { const Writer copied = std::move(writer).value(); }
            return true;
          }) == 0);
    const auto done = writer->wait_for_merges();
    REQUIRE_MESSAGE(done, message(done));
    CHECK_FALSE(done->merging);
    const auto index = Index::open(world.path());
    CHECK(index->info().deleted == 0);
    CHECK(index->info().count == 2'997 - gone.size());
  }
}

}  // namespace nearline
