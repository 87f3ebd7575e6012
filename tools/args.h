// SPDX-License-Identifier: Apache-2.0
/// What the subcommands say about their options, without saying how a command line is parsed. Every value is checked
/// as it is parsed, so that a command starts with good options or not at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nearline/schema.h"
#include "nearline/search.h"
#include "tools/id_source.h"
#include "tools/outputs.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nearline::tools {

/// A file that holds something of one field of an index.
struct FieldFile {
  std::string field;
  std::filesystem::path file;
};

struct FieldWeight {
  std::string field;
  float weight = 1;
};

/// The options of one subcommand. Targets are borrowed until the command has run; what they hold is the default that
/// --help shows.
class Args {
 public:
  explicit Args(CLI::App& app) : app_(app) {}

  /// A file named by its place on the line.
  void input(const char* name, std::filesystem::path& target, const char* help, bool required = true);
  /// A file named by an option.
  void file(const char* flags, std::filesystem::path& target, const char* help, bool required = false);
  /// A file that the command makes: never one that it reads.
  void output(const char* flags, std::filesystem::path& target, const char* help, bool required = false);
  /// The same, which may replace the input.
  void replacement(const char* flags, std::filesystem::path& target, const char* help);
  /// An index that the command changes.
  void changed(const char* name, std::filesystem::path& target, const char* help);

  /// A file of vectors named by its place on the line; - is standard input.
  void vectors(const char* name, std::filesystem::path& target, const char* help, bool required = true);
  /// --form: of such an input whose name does not say it.
  void form(std::string& target);
  /// Ids, or a file of them; - is standard input.
  void ids(const char* flags, IdSource& target, const char* help, bool required = false);

  /// --field: the name of one.
  void field(std::string& target);
  /// The same, or NAME=FILE, as often as there are such files.
  void field_or_queries(std::string& name, std::list<FieldFile>& queries);
  /// --weight NAME=NUMBER, several with commas between them.
  void weights(std::vector<FieldWeight>& target);
  /// --limit NAME=NUMBER, likewise.
  void limits(std::vector<FieldWeight>& target);
  /// NAME=FILE, as often as there are such files.
  void by_name(const char* flags, std::list<FieldFile>& target, const char* help);
  /// --filter
  void filter(std::string& target);
  void flag(const char* flags, bool& target, const char* help);
  /// Any text but none. word: what --help calls it.
  void text(const char* flags, std::string& target, const char* word, const char* help);
  void number(const char* flags, std::uint32_t& target, const char* help, std::uint32_t least = 0,
              std::uint32_t most = std::numeric_limits<std::uint32_t>::max());
  /// "auto", or a number from 1 to `most`.
  void number_or_auto(const char* flags, std::uint32_t& target, const char* help, std::uint32_t most);
  void number(const char* flags, std::uint64_t& target, const char* help, bool required = false);
  void real(const char* flags, std::optional<double>& target, const char* help, double least, double most);
  void real(const char* flags, float& target, const char* help, float least, float most);
  void size(const char* flags, std::uint64_t& target, const char* help);
  /// Numbers with commas between them.
  void list(const char* flags, std::vector<std::uint32_t>& target, const char* help);
  /// A share above 0 and below 1; several with commas between them.
  void share(const char* flags, float& target, const char* help);
  void shares(const char* flags, std::vector<float>& target, const char* help);

  void metric(std::optional<Metric>& target, const char* help);
  void type(std::optional<ElementType>& target, const char* help, bool required = false);
  void io(IoMode& target);
  void ranking(Ranking& target);
  void code_bytes(std::uint32_t& target);
  /// --layout auto|lean|fused
  void layout(Layout& target);
  void page_records(std::uint32_t& target);
  void search_memory(std::uint64_t& target);
  void memory(std::uint64_t& target);
  void threads(std::uint32_t& target, const char* help);
  /// --wait SECONDS: for another writer.
  void wait(std::chrono::milliseconds& target);
  void json(bool& target);
  void force(bool& target);
  void untrusted(bool& target);
  void progress(bool& target);

  /// Only one of two options that are declared may be given.
  void either(const char* one, const char* other);
  /// What was expected and found where both of such two were given, or standard input as several inputs.
  [[nodiscard]] std::optional<std::string> contradiction() const;

  /// One line that --help ends with.
  void example(const char* line);

  /// What the command line says of files, once it is parsed.
  [[nodiscard]] const NamedFiles& files() const noexcept { return files_; }

 private:
  /// Adds an option whose text `take` parses; take returns what was expected when it cannot.
  void path(const char* flags, std::filesystem::path& target, const char* help, bool required);
  using Take = std::function<std::optional<std::string>(const std::string&)>;
  CLI::Option* option(const char* flags, const char* help, const char* word, const std::string& shown_default,
                      Take take);

  /// The file that an input's text names.
  std::filesystem::path input_named(const std::string& text);

  CLI::App& app_;
  std::vector<std::pair<const char*, const char*>> either_;
  std::uint32_t from_stdin_ = 0;  ///< inputs given as -
  NamedFiles files_;
};

/// What a parsed command does; returns the exit status.
using Action = std::function<int()>;

/// One row of the command table: declares the options and says what to do with them.
struct Command {
  const char* name;
  const char* summary;
  Action (*declare)(Args& args);
};

/// Parses the line, runs the command it names, and returns the exit status. Prints help and parse errors itself.
int run_command_line(std::span<const Command> commands, int argc, const char* const* argv);

/// "512M", "2G", "64MiB", "4096": bytes, in powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// A size in the shortest of these forms.
std::string size_text(std::uint64_t bytes);

}  // namespace nearline::tools
