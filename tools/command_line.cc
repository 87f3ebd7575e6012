// SPDX-License-Identifier: Apache-2.0
/// From the words of the command line to the command that runs.
#include <algorithm>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <list>
#include <new>
#include <optional>
#include <vector>

#include "format/nearest_word.h"
#include "nearline/version.h"
#include "tools/args.h"
#include "tools/completion.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

constexpr const char* kFooter =
    "Files of vectors are told apart by their extension:\n"
    "  .fbin .hbin .u8bin .i8bin .bbin .fvecs .bvecs .npy      vectors\n"
    "  .ibin .ibin64 .ivecs .npy                               neighbours\n"
    "  .u64bin .npy, or text with one number a line            ids\n\n"
    "'nearline help COMMAND' shows a command's options; 'nearline completion bash|zsh|fish' prints a script by which\n"
    "that shell completes lines.\n"
    "Exit status: 0 good; 1 the call or its input is bad; 2 the index is damaged; 3 the system failed;\n"
    "130 or 143 (128 + the signal) stopped by Ctrl-C or a request to end, with no output left behind.";

constexpr const char* kCompletion = "completion";

/// " - did you mean WORD?", where one of `known` is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  const std::string near = format::nearest_word(word, known);
  return near.empty() ? std::string() : " - did you mean " + near + "?";
}

/// What is wrong with the words that no option and no place of the command takes.
std::string unknown_word(const CLI::App& command, const std::vector<std::string>& words) {
  const auto is_option = [](const std::string& word) { return word.starts_with("-"); };
  const auto first = std::find_if(words.begin(), words.end(), is_option);
  const std::string name = command.get_parent() == nullptr ? std::string() : " " + command.get_name();
  const std::string more = "'nearline help" + name + "' shows";
  if (first == words.end()) return "expected no more words than " + more + ", found " + words.front();
  const std::string word = first->substr(0, first->find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& long_name : option->get_lnames()) known.push_back("--" + long_name);
  return "expected an option that " + more + ", found " + word + did_you_mean(word, known);
}

/// Prints what the parser threw: help and version go to stdout, errors to one line on stderr.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return 0;
  }
  const auto parsed = app.get_subcommands();
  const CLI::App& command = parsed.empty() ? app : *parsed.front();
  const std::string where = parsed.empty() ? std::string() : command.get_name() + ": ";
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  const bool words_are_over = code == CLI::ExitCodes::ExtrasError || code == CLI::ExitCodes::RequiredError;
  // What is missing is often what is mistyped.
  const std::vector<std::string> unknown = command.remaining();
  print_error_line(where + (words_are_over && !unknown.empty() ? unknown_word(command, unknown) : error.what()));
  return 1;
}

/// Whether the word is a command. Else says so.
bool is_command(std::span<const Command> commands, std::string_view word) {
  std::vector<std::string> known;
  std::string names;
  for (const Command& command : commands) {
    if (word == command.name) return true;
    known.emplace_back(command.name);
    names += (names.empty() ? "" : ", ") + std::string(command.name);
  }
  print_error_line("command: expected one of " + names + "; found " +
                   (word.empty() ? "none" : std::string(word) + did_you_mean(word, known)));
  return false;
}

/// The line in the parser's own words: help COMMAND is COMMAND --help. None, with an error line, for a line whose first
/// word is neither a command nor an option of the tool itself.
std::optional<std::vector<std::string>> words_of(std::span<const Command> commands, int argc, const char* const* argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const bool help = !words.empty() && words[0] == "help";
  if (help && words.size() > 2) {
    print_error_line("help: expected one command, found " + std::to_string(words.size() - 1) + " words");
    return std::nullopt;
  }
  if (help) {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  const std::string first = words.empty() ? std::string() : words[0];
  if (first == kCompletion) return words;
  if (!first.starts_with("-") && !is_command(commands, first)) return std::nullopt;
  return words;
}

/// `nearline completion SHELL`: no command of the table, since it asks for all of them.
int complete(const CLI::App& app, std::span<const std::string> words) {
  const auto script = words.size() == 2 ? completion_script(app, words[1]) : std::nullopt;
  if (!script) {
    print_error_line("completion: expected bash, zsh or fish, found " +
                     (words.size() < 2    ? "nothing"
                      : words.size() == 2 ? "'" + words[1] + "'"
                                          : std::to_string(words.size() - 1) + " words"));
    return 1;
  }
  std::fputs(script->c_str(), stdout);
  return finish_output(0);
}

int run_action(const CLI::App& command, const Action& action, const NamedFiles& files) {
  const auto has = [&](const char* flag) { return command.get_option_no_throw(flag) != nullptr; };
  advise({.force = has("--force"), .memory = has("--memory"), .wait = has("--wait")});
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
  auto words = words_of(commands, argc, argv);
  if (!words) return 1;
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
  if (!words->empty() && words->front() == kCompletion) return complete(app, *words);
  try {
    std::reverse(words->begin(), words->end());  // which is how the parser takes them
    app.parse(std::move(*words));
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  for (const Parsed& command : commands_known) {
    if (!command.app->parsed()) continue;
    if (const auto both = command.args->contradiction()) {
      print_error_line(command.app->get_name() + ": " + *both);
      return 1;
    }
    return run_action(*command.app, command.action, command.args->files());
  }
  return 1;
}

}  // namespace nearline::tools
