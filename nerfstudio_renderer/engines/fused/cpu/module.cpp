// Copyright 2026 The nerfstudio_renderer_ros Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// The kernels as a Python module: chooses the one for this processor, and shares out the rays.

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "crew.hpp"
#include "model.hpp"

namespace py = pybind11;

namespace nerfacto
{

#define DECLARE(INSTRUCTION_SET) \
  namespace INSTRUCTION_SET {void render(const Model &, const Rays &, std::int64_t *);}
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif

namespace
{

using Array = py::array_t<float, py::array::c_style>;

struct Kernel
{
  const char * name;
  void (* render)(const Model &, const Rays &, std::int64_t *);
};

// Those that this processor can run, the fastest first.
std::vector<Kernel> available_kernels()
{
  std::vector<Kernel> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool fma = __builtin_cpu_supports("fma");
  if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
  {
    kernels.push_back({"avx512", avx512::render});
  }
  if (fma && __builtin_cpu_supports("avx2")) {
    kernels.push_back({"avx2", avx2::render});
  }
#endif
  kernels.push_back({"baseline", baseline::render});
  return kernels;
}

std::vector<std::string> instruction_sets()
{
  std::vector<std::string> names;
  for (const Kernel & kernel : available_kernels()) {
    names.push_back(kernel.name);
  }
  return names;
}

// Reads a PackedModel (packing.py), and keeps it alive.
class Renderer
{
public:
  Renderer(py::object packed, const std::string & instruction_set, int threads)
  : packed_(packed), kernel_(kernel(instruction_set)), crew_(threads - 1)
  {
    const auto counts = packed.attr("proposal_samples").cast<std::vector<int>>();
    densities_.reserve(counts.size());
    for (const py::handle & proposal : packed.attr("proposals")) {
      densities_.push_back(density(proposal));
      proposals_.push_back({&densities_.back(), counts.at(proposals_.size())});
    }
    model_.proposals = proposals_.data();
    model_.proposal_count = static_cast<int>(proposals_.size());
    model_.field = density(packed.attr("field"));
    model_.field_samples = packed.attr("field_samples").cast<int>();
    model_.direction = dense(packed.attr("direction"));
    model_.head = network(packed.attr("head"));
    model_.near = packed.attr("near").cast<float>();
    model_.far = packed.attr("far").cast<float>();
    model_.piecewise = packed.attr("piecewise").cast<bool>();
    model_.contracted = packed.attr("contracted").cast<bool>();
    model_.last_sample = packed.attr("last_sample").cast<bool>();
    copy(packed.attr("box_low"), model_.box_low);
    copy(packed.attr("box_scale"), model_.box_scale);
    copy(packed.attr("background"), model_.background);
  }

  void render(py::object origin, const Array & directions, Array & pictures)
  {
    if (directions.ndim() != 2 || directions.shape(1) != 3 || pictures.ndim() != 2 ||
      pictures.shape(0) != directions.shape(0) || pictures.shape(1) != CHANNELS)
    {
      throw std::invalid_argument("directions must be (n, 3), pictures (n, 5)");
    }
    Rays rays{{}, directions.data(), pictures.mutable_data(), directions.shape(0)};
    copy(origin, rays.origin);
    const py::gil_scoped_release release;
    std::int64_t next = 0;
    crew_.run([&] {kernel_.render(model_, rays, &next);});
  }

  std::string instruction_set() const {return kernel_.name;}

private:
  static Kernel kernel(const std::string & name)
  {
    for (const Kernel & kernel : available_kernels()) {
      if (name.empty() || name == kernel.name) {
        return kernel;
      }
    }
    throw std::invalid_argument("this processor has no " + name);
  }

  static void copy(const py::handle & values, float (& to)[3])
  {
    const auto from = values.cast<std::vector<float>>();
    if (from.size() != 3) {
      throw std::invalid_argument("expected three numbers");
    }
    std::memcpy(to, from.data(), sizeof(to));
  }

  // The arrays live as long as packed_; a cast that had to copy would not.
  static const float * floats(const py::handle & array)
  {
    if (!Array::check_(array)) {
      throw std::invalid_argument("expected contiguous float32");
    }
    return py::reinterpret_borrow<Array>(array).data();
  }

  static Dense dense(const py::handle & layer)
  {
    return {
      layer.attr("inputs").cast<int>(), layer.attr("outputs").cast<int>(),
      floats(layer.attr("weights")), floats(layer.attr("biases"))};
  }

  Network network(const py::handle & layers)
  {
    std::vector<Dense> & copies = layers_.emplace_back();
    for (const py::handle & layer : layers) {
      copies.push_back(dense(layer));
    }
    return {copies.data(), static_cast<int>(copies.size())};
  }

  HashGrid grid(const py::handle & levels)
  {
    std::vector<GridLevel> & copies = grids_.emplace_back();
    int pairs = 0;
    for (const py::handle & level : levels) {
      const py::object tables = level.attr("tables");
      const auto shape = tables.attr("shape").cast<std::vector<std::int64_t>>();
      pairs = static_cast<int>(shape.at(0));
      copies.push_back(
        {level.attr("scaling").cast<float>(), level.attr("side").cast<int>(), floats(tables),
          shape.at(1)});
    }
    return {copies.data(), static_cast<int>(copies.size()), pairs};
  }

  DensityNetwork density(const py::handle & packed)
  {
    return {grid(packed.attr("grid")), network(packed.attr("layers"))};
  }

  py::object packed_;
  Kernel kernel_;
  std::vector<std::vector<GridLevel>> grids_;
  std::vector<std::vector<Dense>> layers_;
  std::vector<DensityNetwork> densities_;
  std::vector<ProposalPass> proposals_;
  Model model_{};
  Crew crew_;
};

}  // namespace
}  // namespace nerfacto

PYBIND11_MODULE(_kernel, module)
{
  module.doc() = "Whole rays of a nerfacto model on the CPU.";
  module.def(
    "instruction_sets", nerfacto::instruction_sets,
    "Return the names of the kernels that this processor can run, the fastest first.");
  py::class_<nerfacto::Renderer>(module, "Renderer", "Renders the rays of one PackedModel.")
  .def(
    py::init<py::object, const std::string &, int>(), py::arg("packed"),
    py::arg("instruction_set"), py::arg("threads"))
  .def(
    "render", &nerfacto::Renderer::render, py::arg("origin"), py::arg("directions").noconvert(),
    py::arg("pictures").noconvert(),
    "Render rays from ``origin`` into ``pictures``, float32 of shape (n, 5).")
  .def_property_readonly("instruction_set", &nerfacto::Renderer::instruction_set);
}
