// SPDX-License-Identifier: Apache-2.0
#include "tools/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <vector>

namespace nearline::tools {
namespace {

/// One option as shells see it.
struct Choice {
  std::vector<std::string> names;   ///< "-o", "--output"
  std::vector<std::string> values;  ///< that it takes, where they are words
  bool takes_value = false;
  std::string help;
};

struct Completed {
  std::string name, summary;
  std::vector<Choice> options;
};

/// "l2|ip=l2" as l2 and ip; nothing where it is no list of words: FILE, SIZE, FILE|-.
std::vector<std::string> words_in(const std::string& type) {
  if (type.find('|') == std::string::npos || type.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ") != std::string::npos)
    return {};
  return CLI::detail::split(type, '|');
}

std::vector<Completed> commands_of(const CLI::App& app) {
  std::vector<Completed> all;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    all.push_back({command->get_name(), command->get_description(), {}});
    Completed& one = all.back();
    for (const CLI::Option* option : command->get_options()) {
      Choice choice{.names = {},
                    .values = words_in(option->get_type_name()),
                    .takes_value = option->get_items_expected_max() > 0,
                    .help = option->get_description()};
      choice.names.reserve(option->get_snames().size() + option->get_lnames().size());
      for (const std::string& name : option->get_snames()) choice.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) choice.names.push_back("--" + name);
      if (!choice.names.empty()) one.options.push_back(std::move(choice));
    }
  }
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string names_of(const std::vector<Completed>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const Completed& command : commands) names.push_back(command.name);
  return joined(names);
}

/// Text between single quotes of a shell, `quote` standing for one of its own.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string all = "'";
  for (const char c : text) c == '\'' ? all += quote : all += c;
  return all + "'";
}

std::string for_bash(const std::vector<Completed>& commands) {
  std::string options, values;
  for (const Completed& command : commands) {
    std::vector<std::string> names;
    for (const Choice& option : command.options) {
      names.insert(names.end(), option.names.begin(), option.names.end());
      if (option.values.empty()) continue;
      for (const std::string& name : option.names)
        values += fmt::format("    '{} {}') words='{}' ;;\n", command.name, name, joined(option.values));
    }
    options += fmt::format("      {}) words='{}' ;;\n", command.name, joined(names));
  }
  return fmt::format(R"(# bash completion of nearline; to be sourced, or kept as bash-completion/completions/nearline
_nearline() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}} words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)) || [[ $command == help && COMP_CWORD -eq 2 ]]; then
    COMPREPLY=($(compgen -W '{0} help completion --help --version' -- "$word"))
    return
  fi
  case "$command $before" in
    'completion completion') words='bash zsh fish' ;;
{1}  esac
  if [[ -z $words && $word == -* ]]; then
    case $command in
{2}    esac
  fi
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}
complete -F _nearline nearline
)",
                     names_of(commands), values, options);
}

/// One of _arguments' specifications: colons and brackets mean something there.
std::string zsh_text(std::string_view text) {
  std::string all;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') all += '\\';
    all += c;
  }
  return all;
}

std::string for_zsh(const std::vector<Completed>& commands) {
  std::string summaries, cases;
  for (const Completed& command : commands) {
    summaries += fmt::format("    {}\n", quoted(command.name + ":" + zsh_text(command.summary), "'\\''"));
    cases += fmt::format("    {})\n      _arguments -s \\\n", command.name);
    for (const Choice& option : command.options) {
      std::string value;
      if (option.takes_value)
        value = option.values.empty() ? ":value:_files" : fmt::format(":value:({})", joined(option.values));
      for (const std::string& name : option.names) {
        const bool is_long = name.starts_with("--") && option.takes_value;
        const std::string spec = fmt::format("*{}{}[{}]{}", name, is_long ? "=" : "", zsh_text(option.help), value);
        cases += fmt::format("        {} \\\n", quoted(spec, "'\\''"));
      }
    }
    cases += "        '*:file:_files'\n      ;;\n";
  }
  return fmt::format(R"(#compdef nearline
_nearline() {{
  local -a commands=(
{0}    'help:say what a command and its options do'
    'completion:print a script by which a shell completes lines'
  )
  if ((CURRENT == 2)) || [[ $words[2] == help && CURRENT -eq 3 ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT -= 1))
  case $command in
    completion) _arguments ':shell:(bash zsh fish)' ;;
{1}  esac
}}
if [[ $funcstack[1] == _nearline ]]; then _nearline "$@"; else compdef _nearline nearline; fi
)",
                     summaries, cases);
}

std::string for_fish(const std::vector<Completed>& commands) {
  std::string all = "# fish completion of nearline\n";
  const auto command_line = [&](const std::string& name, const std::string& summary) {
    all += fmt::format("complete -c nearline -n __fish_use_subcommand -f -a {} -d {}\n", name, quoted(summary, "\\'"));
  };
  for (const Completed& command : commands) command_line(command.name, command.summary);
  command_line("help", "say what a command and its options do");
  command_line("completion", "print a script by which a shell completes lines");
  all += fmt::format("complete -c nearline -n '__fish_seen_subcommand_from help' -f -a '{}'\n", names_of(commands));
  all += "complete -c nearline -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
  for (const Completed& command : commands) {
    for (const Choice& option : command.options) {
      all += fmt::format("complete -c nearline -n '__fish_seen_subcommand_from {}'", command.name);
      for (const std::string& name : option.names)
        all += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.values.empty()) {
        all += fmt::format(" -x -a '{}'", joined(option.values));
      } else if (option.takes_value) {
        all += " -r";
      }
      all += " -d " + quoted(option.help, "\\'") + "\n";
    }
  }
  return all;
}

}  // namespace

std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell) {
  const std::vector<Completed> commands = commands_of(app);
  if (shell == "bash") return for_bash(commands);
  if (shell == "zsh") return for_zsh(commands);
  if (shell == "fish") return for_fish(commands);
  return std::nullopt;
}

}  // namespace nearline::tools
