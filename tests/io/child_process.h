// SPDX-License-Identifier: Apache-2.0
/// Runs a function in a child process, for what must not happen to the tests' own.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace nearline::io {

/// The child's answer: 0 when `body` returned true.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A child that has run `body` and lives on until it is killed.
class LingeringChild {
 public:
  template <class Body>
  explicit LingeringChild(Body body) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      const char good = body() ? 'y' : 'n';
      if (::write(ends[1], &good, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char answer = 'n';
    good_ = ::read(ends[0], &answer, 1) == 1 && answer == 'y';
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~LingeringChild() { kill(); }

  [[nodiscard]] bool good() const noexcept { return good_; }
  void kill() noexcept {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
  bool good_ = false;
};

}  // namespace nearline::io
