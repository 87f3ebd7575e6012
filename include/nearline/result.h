// SPDX-License-Identifier: Apache-2.0
/// Errors as values: every call of nearline that the outside world can make fail returns a `Result<T>`. The one
/// exception that leaves a call is std::bad_alloc: it changed nothing then that a failed call would not. The names
/// follow std::expected, so that `Result` can become an alias of it once C++23 is the floor. Whoever asks a Result for
/// what it does not hold ends the process with a message; nothing that is not there is ever read.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "nearline/export.h"

namespace nearline {

/// What went wrong, for programs. Numbers are stable for ever; new codes are only added.
enum class Code : std::uint16_t {
  // The call or its input is bad (exit status 1).
  kInvalidArgument = 1,  ///< an option or argument outside its documented range
  kBadInput = 2,         ///< an input file that does not hold what its header or extension says
  kNotFound = 3,         ///< no file of that name, or no record of that id
  kExists = 4,           ///< the output or the id exists already, and the call does not replace
  kNotAnIndex = 5,       ///< the file does not start as a nearline index
  kUnsupported = 6,      ///< written by a newer nearline, or uses a feature that this build lacks
  kReadOnly = 7,         ///< a write to something opened or mounted read-only
  kBusy = 8,             ///< another writer, or a reader of a very old commit, holds the index
  kCancelled = 9,        ///< the caller's progress callback asked to stop
  kOverBudget = 10,      ///< a memory bound of the caller's that is too small for what was asked
  // The index is damaged (exit status 2).
  kCorrupt = 20,    ///< a checksum, bound or structural rule does not hold
  kTruncated = 21,  ///< the file is shorter than its superblock says
  // The system failed (exit status 3).
  kIo = 40,             ///< a system call failed; `Error::system` is its errno
  kNoSpace = 41,        ///< disk full or quota exceeded
  kNoMemory = 42,       ///< the system refused an allocation
  kPermission = 43,     ///< the system refused access
  kCommitUnknown = 44,  ///< a flush failed: whether the commit is durable cannot be known
};

/// "invalid_argument", "corrupt": the code in a word, as in JSON output.
[[nodiscard]] NEARLINE_API std::string_view name(Code code) noexcept;
NEARLINE_API std::ostream& operator<<(std::ostream& out, Code code);

/// One failure: a stable code, one sentence (with expected and found), and where.
struct [[nodiscard]] NEARLINE_API Error {
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  Code code = Code::kInvalidArgument;
  std::string what{};           ///< one sentence, no full stop: "vector 7 holds NaN: expected finite values"
  std::string file{};           ///< the file concerned; empty when none is
  std::uint64_t at = kNowhere;  ///< byte offset in `file`; kNowhere when none applies
  int system = 0;               ///< errno; 0 when no system call failed

  /// "FILE: WHAT (at byte N): expected X, found Y: SYSTEM MESSAGE", leaving out what does not apply.
  [[nodiscard]] std::string message() const;

  /// The same error, naming `path` unless a file is named already.
  [[nodiscard]] Error in(std::string_view path) && {
    if (file.empty()) file = path;
    return std::move(*this);
  }
};

/// `Error::message()`.
NEARLINE_API std::ostream& operator<<(std::ostream& out, const Error& error);

/// Exit status of the command-line tool for an error: 1 call or input, 2 damaged index, 3 system.
[[nodiscard]] NEARLINE_API int exit_status(Code code) noexcept;

namespace detail {
/// End the process, saying what was asked of a Result that does not hold it.
[[noreturn]] NEARLINE_API void no_value(const Error& error) noexcept;
[[noreturn]] NEARLINE_API void no_error() noexcept;
}  // namespace detail

/// A value, or the error that prevented it.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(*-explicit-*)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value. Aborts with the error's message when there is none.
  [[nodiscard]] T& value() & noexcept { return checked(*this); }
  [[nodiscard]] const T& value() const& noexcept { return checked(*this); }
  [[nodiscard]] T&& value() && noexcept { return std::move(checked(*this)); }
  T& operator*() & noexcept { return checked(*this); }
  const T& operator*() const& noexcept { return checked(*this); }
  T&& operator*() && noexcept { return std::move(checked(*this)); }
  T* operator->() noexcept { return &checked(*this); }
  const T* operator->() const noexcept { return &checked(*this); }

  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? *std::get_if<0>(&state_) : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return has_value() ? std::move(*std::get_if<0>(&state_)) : static_cast<T>(std::forward<U>(other));
  }

  /// The error. Aborts when there is none.
  [[nodiscard]] Error& error() & noexcept { return checked_error(*this); }
  [[nodiscard]] const Error& error() const& noexcept { return checked_error(*this); }
  [[nodiscard]] Error&& error() && noexcept { return std::move(checked_error(*this)); }

 private:
  template <class Self>
  static auto& checked(Self& self) noexcept {
    if (!self.has_value()) [[unlikely]]
      detail::no_value(*std::get_if<1>(&self.state_));
    return *std::get_if<0>(&self.state_);
  }
  template <class Self>
  static auto& checked_error(Self& self) noexcept {
    if (self.has_value()) [[unlikely]]
      detail::no_error();
    return *std::get_if<1>(&self.state_);
  }

  std::variant<T, Error> state_;
};

/// Success without a value, or the error. One pointer wide, since it is returned from every hop of a walk.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::make_unique<Error>(std::move(error))) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] bool has_value() const noexcept { return error_ == nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  /// Aborts with the error's message when there is one.
  void value() const noexcept {
    if (error_ != nullptr) [[unlikely]]
      detail::no_value(*error_);
  }
  /// The error. Aborts when there is none.
  [[nodiscard]] Error& error() & noexcept { return checked_error(); }
  [[nodiscard]] const Error& error() const& noexcept { return checked_error(); }
  [[nodiscard]] Error&& error() && noexcept { return std::move(checked_error()); }

 private:
  [[nodiscard]] Error& checked_error() const noexcept {
    if (error_ == nullptr) [[unlikely]]
      detail::no_error();
    return *error_;
  }

  std::unique_ptr<Error> error_;
};

}  // namespace nearline

#define NEARLINE_JOIN_(a, b) a##b
#define NEARLINE_JOIN(a, b) NEARLINE_JOIN_(a, b)

/// `NEARLINE_TRY(name, call);` declares `name` with the value of `call`, or returns its error.
#define NEARLINE_TRY(name, call)                                                               \
  auto NEARLINE_JOIN(name, _result_) = (call);                                                 \
  if (!NEARLINE_JOIN(name, _result_)) return std::move(NEARLINE_JOIN(name, _result_)).error(); \
  auto name = std::move(NEARLINE_JOIN(name, _result_)).value()  // NOLINT(bugprone-macro-parentheses): a name

/// `NEARLINE_CHECK(call);` returns the error of a `Result<void>` call, if it failed.
#define NEARLINE_CHECK(call)                                                                           \
  do {                                                                                                 \
    if (auto nearline_result_ = (call); !nearline_result_) return std::move(nearline_result_).error(); \
  } while (false)
