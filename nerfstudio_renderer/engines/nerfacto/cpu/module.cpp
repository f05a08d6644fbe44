// SPDX-License-Identifier: Apache-2.0
// The kernels as a Python module: chooses the one for this processor, and shares out the rays.

#include <unistd.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "instruction_sets.hpp"
#include "model.hpp"
#include "native/thread_pool.hpp"
#include "packed_model.hpp"
#include "python_values.hpp"

namespace nerfacto
{
namespace
{

constexpr int MOST_THREADS = 4096;

std::vector<std::string> instruction_sets()
{
  std::vector<std::string> names;
  for (const Kernel & kernel : available_kernels()) {
    names.push_back(kernel.name);
  }
  return names;
}

Kernel kernel_named(const py::handle & name)
{
  std::string known = "'' for the fastest";
  for (const Kernel & kernel : available_kernels()) {
    if (name.equal(py::str("")) || name.equal(py::str(kernel.name))) {
      return kernel;
    }
    known += std::string(", '") + kernel.name + '\'';
  }
  refuse("instruction_set", "one that this processor has (" + known + ')', shown(name));
}

// Take Python's lock again. While the interpreter ends, that ends a thread (a daemon) by unwinding its
// stack: from a destructor, as that of pybind11's gil_scoped_release, it would end the process, and
// objects of Python would be released without the lock. So this thread stops here, as it does from
// Python 3.14 on, and ends with the process.
void take_lock(PyThreadState * thread)
{
  try {
    PyEval_RestoreThread(thread);
  } catch (...) {
    for (;; ) {
      pause();
    }
  }
}

// Run what needs no Python, while other Python threads go on.
template<typename Function>
void without_python(const Function & function)
{
  std::exception_ptr error;
  PyThreadState * const thread = PyEval_SaveThread();
  try {
    function();
  } catch (...) {
    error = std::current_exception();
  }
  take_lock(thread);
  if (error) {
    std::rethrow_exception(error);
  }
}

class Renderer
{
public:
  Renderer(
    const py::object & packed, const py::object & instruction_set, const py::object & threads)
  : packed_(packed), kernel_(kernel_named(instruction_set)),
    pool_(static_cast<int>(integer("threads", threads, 1, MOST_THREADS)) - 1) {}

  void render(
    const py::object & origin, const py::object & directions, const py::object & pictures)
  {
    const Array from = floats("directions", directions, {-1, 3});
    Array to = floats("pictures", pictures, {from.shape(0), CHANNELS});
    if (!to.writeable()) {
      throw std::invalid_argument("pictures must be writeable");
    }
    Rays rays{{}, from.data(), to.mutable_data(), from.shape(0)};
    copy_three("origin", origin, rays.origin);
    without_python([&] {share_out(rays);});
  }

  std::string instruction_set() const {return kernel_.name;}

private:
  void share_out(const Rays & rays)
  {
    std::int64_t next = 0;
    pool_.run([&] {
        try {
          kernel_.render(packed_.model(), rays, &next);
        } catch (...) {
          // No rays are left for the other threads.
          __atomic_store_n(&next, rays.count, __ATOMIC_RELAXED);
          throw;
        }
      });
  }

  PackedModel packed_;
  Kernel kernel_;
  native::ThreadPool pool_;
};

}  // namespace
}  // namespace nerfacto

PYBIND11_MODULE(_kernel, module)
{
  namespace py = pybind11;
  module.doc() = "Whole rays of a nerfacto model on the CPU.";
  module.def(
    "instruction_sets", nerfacto::instruction_sets,
    "Return the names of the kernels that this processor can run, the fastest first.");
  py::class_<nerfacto::Renderer>(module, "Renderer", "Renders the rays of one PackedModel.")
  .def(
    py::init<const py::object &, const py::object &, const py::object &>(), py::arg("packed"),
    py::arg("instruction_set"), py::arg("threads"),
    "Check and keep ``packed``. ValueError names what the kernels cannot render with, RuntimeError\n"
    "says that threads cannot start.")
  .def(
    "render", &nerfacto::Renderer::render, py::arg("origin"), py::arg("directions"),
    py::arg("pictures"),
    "Render rays from ``origin`` into ``pictures``, float32 of shape (n, 5). Threads may do so at\n"
    "once, and other Python threads go on meanwhile.")
  .def_property_readonly("instruction_set", &nerfacto::Renderer::instruction_set);
}
