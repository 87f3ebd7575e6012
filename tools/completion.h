// SPDX-License-Identifier: Apache-2.0
/// Scripts by which shells complete a line of the command, made of the options that its commands declare.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace nearline::tools {

/// For "bash", "zsh" or "fish"; none for another word. app: with all its subcommands.
std::optional<std::string> completion_script(const CLI::App& app, std::string_view shell);

}  // namespace nearline::tools
