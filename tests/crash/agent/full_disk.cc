// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>

#include "engine/write/index_writer.h"
#include "nearline/verify.h"
#include "tests/crash/agent/agent.h"

namespace nearline::crash {
namespace {

constexpr const char* kBallast = "ballast";

/// Leaves about so many bytes free.
bool fill_up_to(std::uint64_t room) {
  struct statvfs system {};
  if (statvfs(".", &system) != 0) return false;
  const std::uint64_t free = system.f_bfree * system.f_frsize;
  const int file = open(kBallast, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return false;
  // What a file system says is free it does not give to the last byte.
  constexpr std::uint64_t kStep = 32U << 10;
  std::uint64_t bytes = free > room ? free - room : 1;
  while (posix_fallocate(file, 0, static_cast<off_t>(bytes)) != 0 && bytes > kStep) bytes -= kStep;
  return close(file) == 0;
}

/// One step with so much room. What is wrong, or nothing.
std::string try_with(std::uint64_t room, Kind kind, StepSource& source, Model& model, bool& was_full) {
  io::FileSystem& fs = io::real_file_system();
  auto writer = engine::IndexWriter::open(io::real_file_system(), kIndex, small_writer());
  if (!writer) return writer.error().message();
  const Step step = source.draw(kind, model, 200);
  if (!fill_up_to(room)) return "cannot fill the disk";
  Done done;
  const auto ran = run(fs, writer.value(), step, done);
  was_full = !ran;
  if (!ran && ran.error().code != Code::kNoSpace) return "another error than a full disk: " + ran.error().message();
  if (!ran && contents(fs, kIndex).value() != model) return "a full disk changed the index";
  if (unlink(kBallast) != 0) return "cannot make room";
  if (!ran) {
    if (const auto again = run(fs, writer.value(), step, done); !again) {
      return "with room again: " + again.error().message();
    }
  }
  model = after(std::move(model), step);
  const auto held = contents(fs, kIndex);
  if (!held) return held.error().message();
  if (held.value() != model) return "holds something else";
  const auto report = verify(kIndex, true);
  if (!report) return report.error().message();
  return report.value().findings.empty() ? "" : report.value().findings.front().what;
}

}  // namespace

int run_full_disk(std::uint64_t seed) {
  create_index(io::real_file_system());
  StepSource source(seed);
  Model model;
  std::uint64_t steps = 0, full = 0;
  for (const Kind kind : {Kind::kCommit, Kind::kRelaxed, Kind::kCompact, Kind::kReplace}) {
    for (std::uint64_t room = 0; room < (160U << 10); room += 16U << 10) {
      bool was_full = false;
      const std::string wrong = try_with(room, kind, source, model, was_full);
      if (!wrong.empty()) {
        std::fprintf(stderr, "seed %lu, %lu bytes of room: %s\n", seed, room, wrong.c_str());
        return 1;
      }
      ++steps;
      full += was_full ? 1 : 0;
    }
  }
  std::printf("%lu steps, %lu of them on a full disk; seed %lu\n", steps, full, seed);
  return full > 5 ? 0 : 1;
}

}  // namespace nearline::crash
