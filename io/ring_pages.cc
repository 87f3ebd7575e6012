// SPDX-License-Identifier: Apache-2.0
/// Pages by io_uring: the only file that knows liburing. One ring per reader, with the file and the cache's frames
/// registered (with each ring that reads into them) where the kernel allows it, and O_DIRECT where the file system
/// does.
#include <fcntl.h>
#include <liburing.h>
#include <sched.h>
#include <sys/uio.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "io/descriptor.h"
#include "io/queued_pages.h"
#include "io/system_error.h"

namespace nearline::io {
namespace {

constexpr unsigned kDepth = 64;

/// With so many reads under way the disk has enough to do: further ones set out with the next `wait`, which enters the
/// kernel anyway. A quarter less processor time a read with 32 searches in flight.
constexpr unsigned kBusy = 8;

/// Owns an io_uring.
class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() {
    if (open_) io_uring_queue_exit(&ring_);
  }

  /// Returns 0 or an errno.
  int open(unsigned depth) noexcept {
    // Completions are picked up when we ask, not by interrupting us; kernels before 5.19 do not know the flag.
    int failed = io_uring_queue_init(depth, &ring_, IORING_SETUP_COOP_TASKRUN);
    if (failed == -EINVAL) failed = io_uring_queue_init(depth, &ring_, 0);
    open_ = failed == 0;
    return -failed;
  }

  io_uring* operator->() noexcept { return &ring_; }
  io_uring* get() noexcept { return &ring_; }

 private:
  io_uring ring_{};
  bool open_ = false;
};

int integer_in(const char* path, int otherwise) noexcept {
  int value = otherwise;
  if (std::FILE* file = std::fopen(path, "re")) {
    if (std::fscanf(file, "%d", &value) != 1) value = otherwise;
    std::fclose(file);
  }
  return value;
}

Error not_usable(int number) {
  std::string what = "io_uring cannot be used: ";
  const int disabled = integer_in("/proc/sys/kernel/io_uring_disabled", 0);
  if (number == ENOSYS) {
    what += "the kernel or a filter of system calls does not offer it";
  } else if (number == EPERM && disabled != 0) {
    what += "kernel.io_uring_disabled is " + std::to_string(disabled);
  } else if (number == EPERM || number == EACCES) {
    what += "forbidden to this process, as in many containers";
  } else if (number == ENOMEM) {
    what += "not enough locked memory allowed (RLIMIT_MEMLOCK)";
  } else {
    what += std::strerror(number);
  }
  return Error{.code = Code::kUnsupported, .what = std::move(what), .system = number};
}

/// The file behind a descriptor once more, whatever its name is by now.
Descriptor open_again(int descriptor, int flags) noexcept {
  char name[32];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  return Descriptor(::open(name, O_RDONLY | O_CLOEXEC | flags));
}

/// Frames are registered in chunks as they are first used: all at once would touch the whole cache before the first
/// read (64 MiB: 20 to 90 ms). A registered read takes a fifth less processor time.
constexpr std::uint32_t kChunkBytes = 256 * 1024;
constexpr PageCache::Frame kMostChunks = 1 << 14;  // the kernel's bound on buffers

/// Bytes [0, done) of a frame are there. In O_DIRECT a read goes on at a block boundary.
constexpr std::uint32_t kDirectStep = 4096;

class RingReader final : public QueuedReader {
 public:
  RingReader(int descriptor, bool direct, const PagePlan& plan, std::shared_ptr<PageCache> cache, std::uint32_t pins)
      : QueuedReader(plan, std::move(cache), pins), descriptor_(descriptor), direct_(direct) {
    line_.reserve(pins);
    frames_per_chunk_ = std::max(1u, kChunkBytes / plan.range.page_bytes);
    chunks_.resize(std::min(kMostChunks, this->cache().frame_count() / frames_per_chunk_ + 1));
  }
  ~RingReader() override { drain(); }

  Result<void> open() {
    if (const int number = ring_.open(kDepth)) return system_error(number, "cannot set up a ring", plan().path);
    fixed_file_ = io_uring_register_files(ring_.get(), &descriptor_, 1) == 0;
    if (io_uring_register_buffers_sparse(ring_.get(), static_cast<unsigned>(chunks_.size())) == 0) may_register_ = true;
    return {};
  }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept override {
    return sizeof *this + line_.capacity() * sizeof(Frame) + chunks_.capacity() / 8 +
           kDepth * (sizeof(io_uring_sqe) + 2 * sizeof(io_uring_cqe));
  }

 private:
  void start(Frame frame) override {
    cache().filling(frame).done = 0;
    line_.push_back(frame);
  }

  void submit() override {
    if (broken_ != 0) return;
    fill();
    if (in_ring_ - io_uring_sq_ready(ring_.get()) >= kBusy) return;
    const int submitted = io_uring_submit(ring_.get());
    static_cast<void>(submitted);  // what could not set out now does in `wait`
  }

  void wait() override {
    while (broken_ == 0) {
      fill();
      if (io_uring_sq_ready(ring_.get()) == 0 && io_uring_cq_ready(ring_.get()) > 0) return reap();
      const int got = io_uring_submit_and_wait(ring_.get(), 1);
      if (got >= 0 || got == -EBUSY) return reap();
      if (got == -EAGAIN) ::sched_yield();
      if (got != -EINTR && got != -EAGAIN) broken_ = -got;
    }
    const Error error = draining() ? Error{} : system_error(broken_, "the ring broke down", plan().path);
    while (!line_.empty()) {
      finish(line_.back(), draining() ? Result<void>{} : error);
      line_.pop_back();
    }
    finish_all(error);
  }

  /// Moves waiting frames into the ring while it has room.
  void fill() {
    while (in_ring_ < kDepth && !line_.empty()) {
      io_uring_sqe* entry = io_uring_get_sqe(ring_.get());
      if (entry == nullptr) return;
      const Frame frame = line_.back();
      line_.pop_back();
      prepare(*entry, frame);
      ++in_ring_;
    }
  }

  void prepare(io_uring_sqe& entry, Frame frame) {
    const std::uint32_t done = cache().filling(frame).done;
    const auto rest = cache().bytes(frame).first(plan().bytes_of(cache().page(frame))).subspan(done);
    const std::uint64_t at = plan().offset(cache().page(frame)) + done;
    const int file = fixed_file_ ? 0 : descriptor_;
    const Frame chunk = frame / frames_per_chunk_;
    if (is_registered(chunk)) {
      io_uring_prep_read_fixed(&entry, file, rest.data(), static_cast<unsigned>(rest.size()), at,
                               static_cast<int>(chunk));
    } else {
      io_uring_prep_read(&entry, file, rest.data(), static_cast<unsigned>(rest.size()), at);
    }
    if (fixed_file_) entry.flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data64(&entry, frame);
  }

  /// Whether the kernel knows the chunk's frames; it is told when the first of them is used.
  bool is_registered(Frame chunk) {
    if (chunk >= chunks_.size()) return false;
    if (chunks_[chunk] || !may_register_) return chunks_[chunk];
    const std::size_t chunk_bytes = std::size_t{frames_per_chunk_} * plan().range.page_bytes;
    const auto from = cache().all_bytes().subspan(chunk * chunk_bytes);
    const iovec bytes{from.data(), std::min(from.size(), chunk_bytes)};
    // Refused where RLIMIT_MEMLOCK is small: reads work without, at the price of more processor time.
    may_register_ = io_uring_register_buffers_update_tag(ring_.get(), chunk, &bytes, nullptr, 1) == 1;
    return chunks_[chunk] = may_register_;
  }

  void forget_frames() noexcept override {
    const iovec none{};
    const Frame first = (cache().frame_count() + frames_per_chunk_ - 1) / frames_per_chunk_;
    for (Frame chunk = first; chunk < chunks_.size(); ++chunk) {
      if (chunks_[chunk]) io_uring_register_buffers_update_tag(ring_.get(), chunk, &none, nullptr, 1);
      chunks_[chunk] = false;
    }
  }

  void reap() {
    unsigned head = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(ring_.get(), head, completion) {
      const auto frame = static_cast<Frame>(completion->user_data);
      const int got = completion->res;
      io_uring_cq_advance(ring_.get(), 1);
      --in_ring_;
      try {
        arrived(frame, got);
      } catch (const std::bad_alloc&) {
        start(frame);
        throw;
      }
    }
  }

  void arrived(Frame frame, int got) {
    if (draining()) return finish(frame, {});
    std::uint32_t& done = cache().filling(frame).done;
    const std::uint64_t at = plan().offset(cache().page(frame)) + done;
    if (got == -EINTR || got == -EAGAIN) return line_.push_back(frame);
    if (got < 0) return finish(frame, system_error(-got, "cannot read", plan().path, at));
    std::uint32_t step = static_cast<std::uint32_t>(got);
    const std::uint32_t missing = plan().bytes_of(cache().page(frame)) - done;
    if (step < missing && direct_) step -= step % kDirectStep;
    if (step == 0) return finish(frame, ends_too_early(plan().path, at, missing));
    done += step;
    if (step < missing) return line_.push_back(frame);
    finish(frame, {});
  }

  Ring ring_;
  int descriptor_;
  bool direct_;
  bool fixed_file_ = false;
  bool may_register_ = false;
  Frame frames_per_chunk_ = 1;
  std::vector<bool> chunks_;  ///< registered as buffers
  int broken_ = 0;            ///< errno that ended the ring's use
  unsigned in_ring_ = 0;      ///< prepared or in flight
  std::vector<Frame> line_;   ///< frames whose read is not in the ring
};

class RingSource final : public PageSource {
 public:
  RingSource(Descriptor descriptor, bool direct, PagePlan plan)
      : descriptor_(std::move(descriptor)), direct_(direct), plan_(std::move(plan)) {}

  Result<std::shared_ptr<PageCache>> cache(std::uint64_t cache_bytes, std::uint32_t max_batch) override {
    return PageCache::create(plan_.range, cache_bytes, max_batch);
  }
  Result<std::unique_ptr<PageReader>> reader(std::shared_ptr<PageCache> cache, std::uint32_t pins) override {
    auto made = std::make_unique<RingReader>(descriptor_.get(), direct_, plan_, std::move(cache), pins);
    NEARLINE_CHECK(made->open());
    return std::unique_ptr<PageReader>(std::move(made));
  }
  [[nodiscard]] IoMode mode() const noexcept override { return IoMode::kDirect; }

 private:
  Descriptor descriptor_;
  bool direct_;
  PagePlan plan_;
};

/// Whether the file system takes reads like ours around its page cache: only a read can tell.
bool direct_reads_work(const Descriptor& descriptor, std::uint64_t at) {
  if (!descriptor) return false;
  alignas(4096) std::byte block[4096];
  return ::pread(descriptor.get(), block, sizeof block, static_cast<off_t>(at)) >= 0;
}

}  // namespace

Result<std::unique_ptr<PageSource>> direct_source(const File& file, const PageRange& range, PageCheck check) {
  NEARLINE_CHECK(io_uring_usable());
  if (file.descriptor() < 0) {
    return Error{.code = Code::kUnsupported, .what = "no descriptor to read from", .file = file.path().string()};
  }
  PagePlan plan{file.path(), range, std::move(check)};
  NEARLINE_TRY(file_bytes, file.size());
  NEARLINE_CHECK(plan.fits(file_bytes));
  auto descriptor = open_again(file.descriptor(), O_DIRECT);
  const bool direct = direct_reads_work(descriptor, range.at);
  if (!direct) descriptor = open_again(file.descriptor(), 0);
  if (!descriptor) descriptor = Descriptor(::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0));  // no /proc here
  if (!descriptor) return system_error(errno, "cannot open again for reading", file.path());
  return std::unique_ptr<PageSource>(std::make_unique<RingSource>(std::move(descriptor), direct, std::move(plan)));
}

Result<void> io_uring_usable() {
  Ring ring;
  if (const int number = ring.open(2)) return not_usable(number);
  io_uring_sqe* entry = io_uring_get_sqe(ring.get());
  io_uring_prep_nop(entry);
  int got = io_uring_submit_and_wait(ring.get(), 1);
  while (got == -EINTR) got = io_uring_submit_and_wait(ring.get(), 1);
  io_uring_cqe* completion = nullptr;
  if (got >= 0) got = io_uring_peek_cqe(ring.get(), &completion);
  if (got < 0) return not_usable(-got);
  return {};
}

}  // namespace nearline::io
