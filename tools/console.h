// SPDX-License-Identifier: Apache-2.0
/// What every command shares with the person in front of it: the error line, the progress line, Ctrl-C.
#pragma once

#include <string>
#include <string_view>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::tools {

/// One line on stderr, "nearline: " before it; control characters in it are shown as '?'.
void print_error_line(std::string_view text);

/// Options of the command that runs, which an error line names where they would help.
struct Advice {
  bool force = false;   ///< --force, when something exists already
  bool memory = false;  ///< --memory, when a bound is too small
  bool wait = false;    ///< --wait, when another writer is there
};
void advise(const Advice& advice);

/// Prints the error's line and returns its exit status; 128 + signal when it is the answer to one.
int fail(const Error& error);

/// Flushes stdout. A failure (a full disk, say) is reported, and the status becomes 3.
int finish_output(int status);

/// From now on Ctrl-C, SIGTERM, SIGHUP and SIGQUIT only ask: the progress callback carries the wish to the library. A
/// second one ends the process at once. What was ignored stays so. Handlers belong to the tool; the library installs
/// none.
void catch_interrupts();
/// Standard output that reaches a limit on the size of files is an error from now on, and no death.
void ignore_file_size_signal();
/// The signal that asked, or 0.
int interrupted() noexcept;

/// The callback that long calls take. Shows phase, share, rate and time left on stderr where that is a terminal, or
/// everywhere when `always`; stops the work when interrupted. Calls catch_interrupts.
ProgressFn progress_line(bool always);

/// Takes the progress line off the terminal again, before other output.
void clear_progress_line();

/// "136.5 MiB", "1.2 s", "12.3 min": for people.
std::string bytes_text(double bytes);
std::string seconds_text(double seconds);

}  // namespace nearline::tools
