// SPDX-License-Identifier: Apache-2.0
// The rasteriser as a Python module.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "instruction_sets.hpp"
#include "merging.hpp"
#include "moments.hpp"
#include "packed_scene.hpp"
#include "rasterizer.hpp"
#include "view.hpp"

namespace py = pybind11;

namespace gaussians
{
namespace
{

template<typename T>
using Array = py::array_t<T, py::array::c_style>;

// What can be set from any thread while a picture is rendered.
class Cancellation
{
public:
  void set() {set_.store(true, std::memory_order_relaxed);}
  void clear() {set_.store(false, std::memory_order_relaxed);}
  bool is_set() const {return set_.load(std::memory_order_relaxed);}

private:
  std::atomic<bool> set_{false};
};

std::string shape_of(const py::array & array)
{
  return py::str(array.attr("shape")).cast<std::string>();
}

// :param shape: -1 stands for any size.
void check_shape(const py::array & array, const char * name, std::vector<std::int64_t> shape)
{
  bool equal = array.ndim() == static_cast<py::ssize_t>(shape.size());
  for (std::size_t i = 0; equal && i < shape.size(); ++i) {
    equal = shape[i] < 0 || array.shape(i) == shape[i];
  }
  if (!equal) {
    std::string expected;
    for (const std::int64_t size : shape) {
      expected += (expected.empty() ? "" : ", ") + (size < 0 ? "n" : std::to_string(size));
    }
    throw std::invalid_argument(
            std::string(name) + " has the shape " + shape_of(array) + " instead of (" + expected +
            ")");
  }
}

void check_finite(const Array<float> & array, const char * name)
{
  const float * const values = array.data();
  const auto is_finite = [](float value) {return std::isfinite(value);};
  if (!std::all_of(values, values + array.size(), is_finite)) {
    throw std::invalid_argument(std::string(name) + " has values that are not finite");
  }
}

void check_threads(int threads)
{
  if (threads < 1) {
    throw std::invalid_argument(std::to_string(threads) + " threads are not enough");
  }
}

std::shared_ptr<PackedScene> pack(
  const Array<float> & means, const Array<float> & quaternions, const Array<float> & log_scales,
  const Array<float> & opacities, const Array<float> & harmonics, bool antialiased,
  const std::vector<float> & background, int threads)
{
  check_shape(means, "means", {-1, 3});
  const std::int64_t count = means.shape(0);
  check_shape(quaternions, "quaternions", {count, 4});
  check_shape(log_scales, "log_scales", {count, 3});
  check_shape(opacities, "opacities", {count});
  check_shape(harmonics, "harmonics", {count, -1, 3});
  const std::int64_t coefficients = harmonics.shape(1);
  if (coefficients != 1 && coefficients != 4 && coefficients != 9 && coefficients != 16) {
    throw std::invalid_argument(
            std::to_string(coefficients) + " coefficients are not those of a degree from 0 to 3");
  }
  if (count > std::numeric_limits<std::int32_t>::max() - CHUNK) {
    throw std::invalid_argument(std::to_string(count) + " Gaussians are too many");
  }
  // Others do no harm: such Gaussians are not seen.
  check_finite(means, "means");
  if (background.size() != 3) {
    throw std::invalid_argument("background needs three numbers");
  }
  check_threads(threads);
  const Appearance appearance{
    static_cast<std::int32_t>(coefficients), antialiased,
    {background[0], background[1], background[2]}};
  const float * const centres = means.data();
  const float * const orientations = quaternions.data();
  const float * const scales = log_scales.data();
  const float * const logits = opacities.data();
  const float * const colours = harmonics.data();
  const std::int64_t values = coefficients * 3;
  const py::gil_scoped_release release;
  return std::make_shared<PackedScene>(
    centres, count, appearance, threads, [=](std::int64_t i, Gaussian & gaussian) {
      std::copy(centres + i * 3, centres + i * 3 + 3, gaussian.mean);
      gaussian.covariance = covariance(orientations + i * 4, scales + i * 3);
      gaussian.log_opacity = log_opacity(logits[i]);
      std::copy(colours + i * values, colours + (i + 1) * values, gaussian.harmonics);
    });
}

std::shared_ptr<PackedScene> merged(const PackedScene & packed, int size, int threads)
{
  if (size < 1) {
    throw std::invalid_argument("cells of " + std::to_string(size) + " Gaussians are empty");
  }
  check_threads(threads);
  const py::gil_scoped_release release;
  return merge(packed, size, threads);
}

// :param w2c: (3, 4), row by row: x right, y down, z forward.
View make_view(
  const double * w2c, int width, int height, double fx, double fy, double cx, double cy,
  double near)
{
  if (width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS) {
    throw std::invalid_argument(
            "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
            " pixels is empty, or larger than " + std::to_string(MOST_PIXELS));
  }
  if (!(fx > 0.0 && fy > 0.0 && near > 0.0) || !std::isfinite(fx + fy + cx + cy + near)) {
    throw std::invalid_argument("fx, fy and near must be positive, all intrinsics finite");
  }
  View view{};
  for (int i = 0; i < 3; ++i) {
    double position = 0.0;
    for (int j = 0; j < 3; ++j) {
      view.rotation[i][j] = static_cast<float>(w2c[i * 4 + j]);
      position -= w2c[j * 4 + i] * w2c[j * 4 + 3];
    }
    view.position[i] = static_cast<float>(position);
    view.position_rest[i] = static_cast<float>(position - view.position[i]);
    view.depth_row[i] = w2c[8 + i];
  }
  view.depth_offset = w2c[11];
  view.fx = static_cast<float>(fx);
  view.fy = static_cast<float>(fy);
  view.cx = static_cast<float>(cx);
  view.cy = static_cast<float>(cy);
  view.near = static_cast<float>(near);
  view.width = width;
  view.height = height;
  view.columns = (width + TILE - 1) / TILE;
  view.rows = (height + TILE - 1) / TILE;
  // 0.3 times half the field of view's tangent beyond the edges.
  const double beyond_x = 0.15 * width / fx;
  const double beyond_y = 0.15 * height / fy;
  view.low_x = static_cast<float>(cx / fx + beyond_x);
  view.high_x = static_cast<float>((width - cx) / fx + beyond_x);
  view.low_y = static_cast<float>(cy / fy + beyond_y);
  view.high_y = static_cast<float>((height - cy) / fy + beyond_y);
  return view;
}

// Asks Python's predicate, but not at every piece of work: that takes Python's lock.
class Predicate
{
public:
  explicit Predicate(const py::object & predicate)
  : predicate_(predicate), next_(Clock::now() + PAUSE) {}

  bool operator()()
  {
    if (Clock::now() < next_) {
      return false;
    }
    const py::gil_scoped_acquire acquire;
    const bool result = predicate_().cast<bool>();
    next_ = Clock::now() + PAUSE;
    return result;
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::microseconds PAUSE{2000};

  const py::object & predicate_;
  Clock::time_point next_;
};

bool render(
  Rasterizer & rasterizer, const Array<double> & w2c, const std::vector<double> & intrinsics,
  double near, Array<float> & picture, const py::object & cancelled)
{
  check_shape(w2c, "w2c", {3, 4});
  check_shape(picture, "picture", {-1, -1, CHANNELS});
  if (intrinsics.size() != 4) {
    throw std::invalid_argument("intrinsics must be fx, fy, cx and cy");
  }
  const View view = make_view(
    w2c.data(), static_cast<int>(std::min<py::ssize_t>(picture.shape(1), MOST_PIXELS + 1)),
    static_cast<int>(std::min<py::ssize_t>(picture.shape(0), MOST_PIXELS + 1)), intrinsics[0],
    intrinsics[1], intrinsics[2], intrinsics[3], near);
  float * const pixels = picture.mutable_data();
  Cancelled is_cancelled;
  if (py::isinstance<Cancellation>(cancelled)) {
    const Cancellation * const cancellation = cancelled.cast<const Cancellation *>();
    is_cancelled.ask = [cancellation] {return cancellation->is_set();};
  } else if (!cancelled.is_none()) {
    is_cancelled = {Predicate(cancelled), true};
  }
  const py::gil_scoped_release release;
  return rasterizer.render(view, pixels, is_cancelled);
}

std::unique_ptr<Rasterizer> make_rasterizer(
  const std::shared_ptr<PackedScene> & scene, const std::string & instruction_set, int threads,
  std::uint64_t most_entries)
{
  check_threads(threads);
  return std::make_unique<Rasterizer>(scene, kernels_named(instruction_set), threads, most_entries);
}

std::vector<std::string> instruction_sets()
{
  std::vector<std::string> names;
  for (const Kernels & kernels : available_kernels()) {
    names.push_back(kernels.name);
  }
  return names;
}

}  // namespace
}  // namespace gaussians

PYBIND11_MODULE(_kernel, module)
{
  namespace g = gaussians;
  module.doc() = "3D Gaussians, rasterised on the CPU.";
  module.def(
    "instruction_sets", g::instruction_sets,
    "Return the names of the kernels that this processor can run, the fastest first.");
  py::class_<g::Cancellation>(
    module, "Cancellation", "Stops a picture from any thread, without Python's lock.")
  .def(py::init<>())
  .def("set", &g::Cancellation::set, "Stop what is rendered, and what will be.")
  .def("clear", &g::Cancellation::clear, "Let pictures be rendered again.")
  .def("is_set", &g::Cancellation::is_set);
  py::class_<g::PackedScene, std::shared_ptr<g::PackedScene>>(
    module, "PackedScene", "Gaussians in the kernels' order and form; copies of the arrays.")
  .def(
    py::init(&g::pack), py::arg("means").noconvert(), py::arg("quaternions").noconvert(),
    py::arg("log_scales").noconvert(), py::arg("opacities").noconvert(),
    py::arg("harmonics").noconvert(), py::arg("antialiased"), py::arg("background"),
    py::arg("threads"))
  .def(
    "merged", &g::merged, py::arg("size"), py::arg("threads"),
    "Return a scene that has one Gaussian for each ``size`` neighbours.")
  .def_property_readonly(
    "count", [](const g::PackedScene & packed) {return packed.scene().count;});
  py::class_<g::Rasterizer>(module, "Rasterizer", "Renders one picture at a time.")
  .def(
    py::init(&g::make_rasterizer), py::arg("scene"), py::arg("instruction_set"),
    py::arg("threads"), py::arg("most_entries"))
  .def(
    "render", &g::render, py::arg("w2c").noconvert(), py::arg("intrinsics"), py::arg("near"),
    py::arg("picture").noconvert(), py::arg("cancelled"),
    "Render into float32 of shape (height, width, 5), and return whether it was finished.")
  .def_property_readonly("instruction_set", &g::Rasterizer::instruction_set);
}
