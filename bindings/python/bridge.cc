// SPDX-License-Identifier: Apache-2.0
#include "bindings/python/bridge.h"

namespace nearline::python {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);  // between two looks at signals; people do not notice

}  // namespace

void raise(const Error& error) {
  const py::object make = py::module_::import("nearline._errors").attr("make");
  const auto text = [](const std::string& bytes) {  // a path may be no UTF-8
    return py::reinterpret_steal<py::object>(
        PyUnicode_DecodeFSDefaultAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
  };
  const py::object at = error.at == Error::kNowhere ? py::object(py::none()) : py::object(py::int_(error.at));
  const py::object made =
      make(std::string(name(error.code)), text(error.message()), text(error.file), at, error.system);
  PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
  throw py::error_already_set();
}

bool Watch::look(State& state, const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now - state.looked < kLook) return true;
  state.looked = now;
  const py::gil_scoped_acquire acquire;
  try {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (state.told.is_none()) return true;
    const py::object answer =
        state.told(py::str(progress.phase.data(), progress.phase.size()), progress.done, progress.total);
    return !answer.is(py::bool_(false));
  } catch (...) {
    state.raised = std::current_exception();
    return false;
  }
}

ProgressFn Watch::function() const {
  return [state = state_](const Progress& progress) { return look(*state, progress); };
}

void Watch::raise_pending() const {
  if (state_->raised) std::rethrow_exception(std::exchange(state_->raised, nullptr));
}

MatrixView matrix(const py::array& rows, int type, std::uint32_t dim) {
  const auto element = static_cast<ElementType>(type);
  const std::size_t row = vector_bytes(element, dim);
  const auto bytes = static_cast<std::size_t>(rows.nbytes());
  if (!(rows.flags() & py::array::c_style) || row == 0 || bytes % row != 0)
    raise({Code::kInvalidArgument, "array: expected contiguous rows of " + std::to_string(row) + " bytes"});
  return {static_cast<const std::byte*>(rows.data()), bytes / row, dim, element};
}

std::span<const Id> ids_of(const py::object& ids) {
  if (ids.is_none()) return {};
  const auto array = py::cast<py::array>(ids);
  if (!(array.flags() & py::array::c_style) || array.dtype().kind() != 'u' || array.itemsize() != sizeof(Id))
    raise({Code::kInvalidArgument, "ids: expected a contiguous array of uint64"});
  return {static_cast<const Id*>(array.data()), static_cast<std::size_t>(array.size())};
}

std::filesystem::path path_of(const py::bytes& name) {
  return std::string(name);
}

}  // namespace nearline::python

PYBIND11_MODULE(_core, module) {
  using namespace nearline::python;  // NOLINT(google-build-using-namespace)
  module.doc() = "The library as the package nearline uses it. Not for users: names and order of arguments change.";
  bind_index(module);
  bind_build(module);
  bind_writer(module);
  bind_files(module);
  bind_repair(module);
}
