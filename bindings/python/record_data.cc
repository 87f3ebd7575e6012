// SPDX-License-Identifier: Apache-2.0
#include "bindings/python/record_data.h"

namespace nearline::python {
namespace {

[[noreturn]] void bad_value(const std::string& name, std::size_t row, const std::string& what) {
  raise({Code::kBadInput, "attribute '" + name + "' of row " + std::to_string(row) + ": " + what});
}

std::string type_name(const py::handle& value) {
  return Py_TYPE(value.ptr())->tp_name;
}

/// The bytes of a str in UTF-8, or of bytes. False for anything else, and for a str with lone surrogates.
bool text_of(const py::handle& value, std::string& to) {
  char* at = nullptr;
  Py_ssize_t length = 0;
  if (PyBytes_Check(value.ptr())) {
    if (PyBytes_AsStringAndSize(value.ptr(), &at, &length) != 0) throw py::error_already_set();
    to.assign(at, static_cast<std::size_t>(length));
    return true;
  }
  if (!PyUnicode_Check(value.ptr())) return false;
  const char* const text = PyUnicode_AsUTF8AndSize(value.ptr(), &length);
  if (text == nullptr) {
    PyErr_Clear();
    return false;
  }
  to.assign(text, static_cast<std::size_t>(length));
  return true;
}

std::int64_t integer_of(const py::handle& value, const std::string& name, std::size_t row) {
  int overflow = 0;
  const long long number = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  if (overflow != 0) bad_value(name, row, "expected a whole number of 64 bits, found a larger one");
  if (number == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return number;
}

Tags tags_of(const py::handle& value, const std::string& name, std::size_t row) {
  Tags tags;
  for (const py::handle tag : value) {
    std::string text;
    if (!PyUnicode_Check(tag.ptr()) || !text_of(tag, text))
      bad_value(name, row, "expected tags that are str, found " + type_name(tag));
    tags.push_back(std::move(text));
  }
  return tags;
}

Value value_of(const py::handle& value, const std::string& name, std::size_t row) {
  PyObject* const object = value.ptr();
  if (value.is_none()) return {};
  if (PyBool_Check(object)) return object == Py_True;
  if (PyLong_Check(object)) return integer_of(value, name, row);
  if (PyFloat_Check(object)) return PyFloat_AsDouble(object);
  if (PyUnicode_Check(object)) {
    std::string text;
    if (!text_of(value, text)) bad_value(name, row, "a string that is not UTF-8");
    return text;
  }
  if (PyTuple_Check(object) && PyTuple_GET_SIZE(object) == 2 && PyFloat_Check(PyTuple_GET_ITEM(object, 0)) &&
      PyFloat_Check(PyTuple_GET_ITEM(object, 1))) {
    return Place{PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(object, 0)), PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(object, 1))};
  }
  if (PyList_Check(object) || PyTuple_Check(object) || PyAnySet_Check(object)) return tags_of(value, name, row);
  if (py::hasattr(value, "dtype") && py::hasattr(value, "tolist")) {  // a number of numpy's, or tags in an array
    const py::object plain = value.attr("tolist")();
    if (!py::hasattr(plain, "dtype")) return value_of(plain, name, row);  // NOLINT(misc-no-recursion): once
  }
  bad_value(name, row,
            "expected None, bool, int, float, str, a list of str or a place (two float), found " + type_name(value));
}

}  // namespace

RecordData record_data(const py::object& data, std::size_t rows) {
  RecordData to;
  if (data.is_none()) return to;
  const auto parts = py::cast<py::tuple>(data);
  const auto names = py::cast<py::list>(parts[0]);
  const auto columns = py::cast<py::list>(parts[1]);
  for (const py::handle name : names) to.names.push_back(py::cast<std::string>(name));
  to.values.resize(rows * to.names.size());
  for (std::size_t place = 0; place < columns.size(); ++place) {
    const auto column = py::cast<py::list>(columns[place]);
    if (column.size() != rows)
      raise({Code::kInvalidArgument, "attribute '" + to.names[place] + "': expected " + std::to_string(rows) +
                                         " values, one for each row, found " + std::to_string(column.size())});
    for (std::size_t row = 0; row < rows; ++row)
      to.values[row * to.names.size() + place] = value_of(column[row], to.names[place], row);
  }
  if (py::object(parts[2]).is_none()) return to;
  const auto payloads = py::cast<py::list>(parts[2]);
  for (std::size_t row = 0; row < payloads.size(); ++row) {
    std::string& payload = to.payloads.emplace_back();
    const py::handle value = payloads[row];
    if (!value.is_none() && !text_of(value, payload))
      raise({Code::kBadInput,
             "payload of row " + std::to_string(row) + ": expected bytes, str or None, found " + type_name(value)});
  }
  return to;
}

py::list dicts_of(const RecordData& data, std::size_t rows) {
  std::vector<py::str> names(data.names.begin(), data.names.end());
  py::list all;
  for (std::size_t row = 0; row < rows; ++row) {
    py::dict one;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const Value& value = data.values[row * names.size() + i];
      one[names[i]] = std::visit(
          [](const auto& held) -> py::object {
            using T = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
              return py::none();
            } else if constexpr (std::is_same_v<T, Tags>) {
              py::list tags;
              for (const std::string& tag : held) tags.append(py::str(tag));
              return tags;
            } else if constexpr (std::is_same_v<T, Place>) {
              return py::make_tuple(held.lat, held.lon);
            } else {
              return py::cast(held);
            }
          },
          value);
    }
    all.append(std::move(one));
  }
  return all;
}

py::list payloads_of(const RecordData& data, std::size_t rows) {
  py::list all;
  for (std::size_t row = 0; row < rows; ++row)
    all.append(data.payloads.empty() ? py::bytes() : py::bytes(data.payloads[row]));
  return all;
}

std::vector<Attribute> attributes_of(const py::list& attributes) {
  std::vector<Attribute> all;
  for (const py::handle pair : attributes) {
    const auto [name, word] = py::cast<std::pair<std::string, std::string>>(pair);
    all.push_back({name, attribute_type_from(word).value_or(AttributeType::kI64)});
  }
  return all;
}

py::dict types_of(const std::vector<Attribute>& attributes) {
  py::dict all;
  for (const Attribute& attribute : attributes) all[py::str(attribute.name)] = std::string(name(attribute.type));
  return all;
}

}  // namespace nearline::python
