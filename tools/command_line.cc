// SPDX-License-Identifier: Apache-2.0
/// From the words of the command line to the command that runs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <list>
#include <new>

#include "nearline/version.h"
#include "tools/args.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

constexpr const char* kFooter =
    "Files of vectors are told apart by their extension:\n"
    "  .fbin .hbin .u8bin .i8bin .bbin .fvecs .bvecs .npy      vectors\n"
    "  .ibin .ibin64 .ivecs                                    neighbours\n"
    "  .u64bin, or text with one number a line                 ids\n\n"
    "Exit status: 0 good; 1 the call or its input is bad; 2 the index is damaged; 3 the system failed;\n"
    "130 or 143 (128 + the signal) stopped by Ctrl-C or a request to end, with no output left behind.";

/// Prints what the parser threw: help and version go to stdout, errors to one line on stderr.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return 0;
  }
  std::string where;
  for (const CLI::App* command : app.get_subcommands()) where += command->get_name() + ": ";
  print_error_line(where + error.what());
  return 1;
}

/// Whether the first word is a command, or an option of the tool itself. Else says so.
bool names_command(std::span<const Command> commands, int argc, const char* const* argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word.starts_with("-")) return true;
  std::string names;
  for (const Command& command : commands) {
    if (word == command.name) return true;
    names += (names.empty() ? "" : ", ") + std::string(command.name);
  }
  print_error_line("command: expected one of " + names + "; found " + (word.empty() ? "none" : std::string(word)));
  return false;
}

int run_action(const Action& action, const NamedFiles& files) {
  try {
    if (const auto good = check_outputs(files); !good) return fail(good.error());
    const int status = action();
    if (status == 0) tell_links(files);
    return finish_output(status);
  } catch (const std::bad_alloc&) {
    print_error_line("out of memory");
    return 3;
  }
}

}  // namespace

int run_command_line(std::span<const Command> commands, int argc, const char* const* argv) {
  ignore_file_size_signal();
  if (!names_command(commands, argc, argv)) return 1;
  CLI::App app("Disk-resident graph index for vectors: one file, a memory bound that holds, checked bytes.",
               "nearline");
  app.set_version_flag("--version", std::string("nearline ") + version() + ", file format " +
                                        std::to_string(kFormatMajor) + "." + std::to_string(kFormatMinor));
  app.set_help_flag("-h,--help", "show this and exit");
  app.require_subcommand(1);
  app.footer(kFooter);
  std::list<Args> args;  // options keep a reference to theirs
  struct Parsed {
    const CLI::App* app;
    const Args* args;
    Action action;
  };
  std::vector<Parsed> commands_known;
  for (const Command& command : commands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.summary);
    Args& own = args.emplace_back(*subcommand);
    commands_known.push_back({subcommand, &own, command.declare(own)});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  for (const Parsed& command : commands_known)
    if (command.app->parsed()) return run_action(command.action, command.args->files());
  return 1;
}

}  // namespace nearline::tools
