// SPDX-License-Identifier: Apache-2.0
#include "tools/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace nearline::tools {
namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t signal_seen = 0;
bool line_shown = false;  // a progress line stands on the terminal
Advice advice_now;

void remember_signal(int number) {
  signal_seen = number;
}

const char* advice_for(Code code) noexcept {
  if (code == Code::kExists && advice_now.force) return " (--force replaces it)";
  if (code == Code::kOverBudget && advice_now.memory) return " (--memory says how much it may be)";
  if (code == Code::kBusy && advice_now.wait) return " (--wait says how many seconds to wait for it)";
  return "";
}

/// Shows how far one phase has come; a new phase starts the clock again.
class ProgressLine {
 public:
  explicit ProgressLine(bool always) : terminal_(isatty(STDERR_FILENO) != 0), shown_(terminal_ || always) {}

  bool operator()(const Progress& progress) {
    if (shown_) show(progress);
    return signal_seen == 0;
  }

 private:
  void show(const Progress& progress) {
    const auto now = Clock::now();
    if (progress.phase != phase_) {
      phase_ = progress.phase;
      started_ = now;
      first_ = progress.done;
    } else if (now - printed_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(1000))) {
      return;
    }
    printed_ = now;
    const std::string line = text(progress, std::chrono::duration<double>(now - started_).count());
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{}", line);
      line_shown = true;
    } else {
      fmt::print(stderr, "{}\n", line);
    }
    std::fflush(stderr);
  }

  [[nodiscard]] std::string text(const Progress& progress, double seconds) const {
    std::string line = fmt::format("{} {}", progress.phase, progress.done);
    if (progress.total > 0)
      line += fmt::format("/{} ({:.1f} %)", progress.total,
                          100.0 * static_cast<double>(progress.done) / static_cast<double>(progress.total));
    const double rate = seconds > 0 ? static_cast<double>(progress.done - first_) / seconds : 0;
    if (rate > 0) {
      line += fmt::format(", {:.0f}/s", rate);
      if (progress.total > progress.done)
        line += ", " + seconds_text(static_cast<double>(progress.total - progress.done) / rate) + " left";
    }
    return line;
  }

  bool terminal_;
  bool shown_;
  std::string phase_;
  std::uint64_t first_ = 0;
  Clock::time_point started_;
  Clock::time_point printed_;
};

}  // namespace

void print_error_line(std::string_view text) {
  clear_progress_line();
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  fmt::print(stderr, "nearline: {}\n", line);
}

void advise(const Advice& advice) {
  advice_now = advice;
}

int fail(const Error& error) {
  print_error_line(error.message() + advice_for(error.code));
  if (error.code == Code::kCancelled && interrupted() != 0) return 128 + interrupted();
  return exit_status(error.code);
}

int finish_output(int status) {
  clear_progress_line();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  print_error_line("standard output: " + std::generic_category().message(errno));
  return 3;
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);  // nohup, say, wants it to go on
  }
}

void ignore_file_size_signal() {
  std::signal(SIGXFSZ, SIG_IGN);
}

int interrupted() noexcept {
  return signal_seen;
}

ProgressFn progress_line(bool always) {
  catch_interrupts();
  return ProgressLine(always);
}

void clear_progress_line() {
  if (!line_shown) return;
  line_shown = false;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

std::string bytes_text(double bytes) {
  static constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} bytes", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string seconds_text(double seconds) {
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace nearline::tools
