// SPDX-License-Identifier: Apache-2.0
/// What stands between Python and the library: errors become exceptions, arrays become views, and long calls hear of
/// Ctrl-C. The package beside it (nearline/) is what users see; it has checked the words and numbers that come here.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::python {

namespace py = pybind11;

/// Raises what nearline/_errors.py makes of it. Needs the GIL.
[[noreturn]] void raise(const Error& error);

/// Runs `call` without the GIL; its value, or its error as an exception.
template <class Call>
auto released(Call&& call) {
  auto result = [&] {
    const py::gil_scoped_release release;
    return call();
  }();
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return std::move(result).value();
}

/// The progress function of one call, or of a writer's: looks for signals, asks the user's function, and keeps what
/// that raised until the call is over.
class Watch {
 public:
  /// told: called with (phase, done, total), and stops the work by False; or None.
  explicit Watch(py::object told) : state_(std::make_shared<State>(std::move(told))) {}

  /// For the library; may be called without the GIL.
  [[nodiscard]] ProgressFn function() const;

  /// Raises what stopped a call, if something did. Needs the GIL.
  void raise_pending() const;

 private:
  struct State {
    explicit State(py::object function) : told(std::move(function)) {}
    py::object told;
    std::exception_ptr raised;
    std::chrono::steady_clock::time_point looked{};
  };
  static bool look(State& state, const Progress& progress);

  std::shared_ptr<State> state_;
};

/// As `released`, of a call that `watch` may have stopped.
template <class Call>
auto watched(const Watch& watch, Call&& call) {
  auto result = [&] {
    const py::gil_scoped_release release;
    return call();
  }();
  watch.raise_pending();
  if (!result) raise(result.error());
  if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return std::move(result).value();
}

/// Of a contiguous array of whole rows, which must outlive the view.
MatrixView matrix(const py::array& rows, int type, std::uint32_t dim);

/// Of a contiguous array of u64; None: no ids.
std::span<const Id> ids_of(const py::object& ids);

/// An array of the elements of `values`, which `owner` keeps alive.
template <class T>
py::array_t<T> view(const std::vector<T>& values, py::array::ShapeContainer shape, const py::handle& owner) {
  return py::array_t<T>(std::move(shape), values.data(), owner);
}

/// Hands `value` over to Python: whoever holds the capsule holds it.
template <class T>
std::pair<const T*, py::capsule> hand_over(T value) {
  auto owned = std::make_unique<T>(std::move(value));
  const T* at = owned.get();
  py::capsule capsule(at, [](void* p) { delete static_cast<T*>(p); });
  static_cast<void>(owned.release());
  return {at, std::move(capsule)};
}

/// The bytes of a file's name, as os.fsencode gives them.
std::filesystem::path path_of(const py::bytes& name);

void bind_index(py::module_& module);
void bind_build(py::module_& module);
void bind_writer(py::module_& module);
void bind_files(py::module_& module);
void bind_repair(py::module_& module);

}  // namespace nearline::python
