// SPDX-License-Identifier: Apache-2.0
// Values from Python, checked as they are read. What is wrong is a std::invalid_argument (ValueError
// in Python) of one line, which names the value.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace nerfacto
{

namespace py = pybind11;

// Contiguous float32. Whoever keeps a pointer into one keeps the array too.
using Array = py::array_t<float, py::array::c_style>;
using Shape = std::vector<std::int64_t>;

inline std::string text(const Shape & shape)
{
  std::string result = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    result += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return result + (shape.size() == 1 ? ",)" : ")");
}

// A value as messages show it: in a few words, whatever its size.
inline std::string shown(const py::handle & value)
{
  constexpr std::size_t LONGEST = 60;
  if (py::isinstance<py::array>(value)) {
    const auto array = py::reinterpret_borrow<py::array>(value);
    return py::str(array.dtype()).cast<std::string>() + " of shape " +
           text(Shape(array.shape(), array.shape() + array.ndim()));
  }
  const auto ascii = py::reinterpret_steal<py::object>(PyObject_ASCII(value.ptr()));
  if (!ascii) {
    PyErr_Clear();
    return std::string("a ") + Py_TYPE(value.ptr())->tp_name;
  }
  auto words = ascii.cast<std::string>();
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words.size() <= LONGEST ? words : words.substr(0, LONGEST) + "...";
}

[[noreturn]] inline void refuse(
  const std::string & name, const std::string & expected, const std::string & value)
{
  throw std::invalid_argument(name + " must be " + expected + ", not " + value);
}

inline std::int64_t integer(
  const std::string & name, const py::handle & value, std::int64_t low, std::int64_t high)
{
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr()));
  int overflow = 0;
  const long long result = index ? PyLong_AsLongLongAndOverflow(index.ptr(), &overflow) : -1;
  PyErr_Clear();
  if (!index || overflow || result < low || result > high) {
    refuse(
      name, "an integer from " + std::to_string(low) + " to " + std::to_string(high),
      shown(value));
  }
  return result;
}

// A finite number.
inline float number(const std::string & name, const py::handle & value)
{
  const double result = PyFloat_AsDouble(value.ptr());
  const bool failed = PyErr_Occurred() != nullptr;
  PyErr_Clear();
  if (failed || !(std::abs(result) <= std::numeric_limits<float>::max())) {
    refuse(name, "a finite number", shown(value));
  }
  return static_cast<float>(result);
}

inline bool truth(const std::string & name, const py::handle & value)
{
  py::detail::make_caster<bool> caster;
  if (!caster.load(value, false)) {
    refuse(name, "True or False", shown(value));
  }
  return py::detail::cast_op<bool>(caster);
}

// The members of a tuple or list, which may change meanwhile.
inline py::tuple members(const std::string & name, const py::handle & value, std::size_t most)
{
  if (!py::isinstance<py::tuple>(value) && !py::isinstance<py::list>(value)) {
    refuse(name, "a tuple or list", shown(value));
  }
  const auto result = py::reinterpret_steal<py::tuple>(PySequence_Tuple(value.ptr()));
  if (!result) {
    throw py::error_already_set();
  }
  if (result.size() > most) {
    refuse(
      name, "no longer than " + std::to_string(most), "of length " + std::to_string(result.size()));
  }
  return result;
}

inline void copy_three(const std::string & name, const py::handle & values, float (& to)[3])
{
  const py::tuple from = members(name, values, 3);
  if (from.size() != 3) {
    refuse(name, "three numbers", shown(values));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    to[i] = number(name + '[' + std::to_string(i) + ']', from[i]);
  }
}

// A contiguous and aligned array of float32; -1 in ``shape`` stands for any length.
inline Array floats(const std::string & name, const py::handle & value, const Shape & shape)
{
  const auto refuse_it = [&](const std::string & what) {
      const std::string expected = text(shape);
      refuse(name, "contiguous, aligned float32 of shape " + expected, what);
    };
  if (!py::isinstance<py::array>(value)) {
    refuse_it(shown(value));
  }
  const auto array = py::reinterpret_borrow<py::array>(value);
  if (array.ndim() != static_cast<py::ssize_t>(shape.size())) {
    refuse_it(shown(value));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != -1 && shape[i] != array.shape(static_cast<py::ssize_t>(i))) {
      refuse_it(shown(value));
    }
  }
  if (!Array::check_(value)) {
    const bool contiguous = array.flags() & py::array::c_style;
    refuse_it(contiguous ? shown(value) : "with gaps or in another order");
  }
  if (!(array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_)) {
    refuse_it("unaligned");
  }
  return py::reinterpret_borrow<Array>(value);
}

}  // namespace nerfacto
