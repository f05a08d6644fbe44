// SPDX-License-Identifier: Apache-2.0
// The kernels of every instruction set, and which of them this processor can run.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "frame.hpp"
#include "scene.hpp"
#include "view.hpp"

namespace gaussians
{

struct Kernels
{
  const char * name;
  // Project a part of the scene, and count what each tile gets of it.
  void (* project)(const Scene &, const View &, const Frame &, std::int32_t part);
  // Write that to the lists of a band's tiles.
  void (* fill)(
    const Scene &, const View &, const Frame &, std::int32_t part, const Range & band);
  // Render a tile, as long as anything shows through, from its sorted list.
  void (* blend)(
    const Scene &, const View &, const Frame &, std::int32_t tile, const Runs &);
};

#define DECLARE(INSTRUCTION_SET) \
  namespace INSTRUCTION_SET \
  { \
  void project(const Scene &, const View &, const Frame &, std::int32_t); \
  void fill(const Scene &, const View &, const Frame &, std::int32_t, const Range &); \
  void blend(const Scene &, const View &, const Frame &, std::int32_t, const Runs &); \
  }
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
#undef DECLARE

// Those that this processor can run, the fastest first.
inline std::vector<Kernels> available_kernels()
{
  std::vector<Kernels> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool fma = __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
    __builtin_cpu_supports("bmi2");
  if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
  {
    kernels.push_back({"avx512", avx512::project, avx512::fill, avx512::blend});
  }
  if (fma && __builtin_cpu_supports("avx2")) {
    kernels.push_back({"avx2", avx2::project, avx2::fill, avx2::blend});
  }
#endif
  kernels.push_back({"baseline", baseline::project, baseline::fill, baseline::blend});
  return kernels;
}

// :param name: empty for the fastest.
// :throws std::invalid_argument: if this processor cannot run them, or there are none.
inline Kernels kernels_named(const std::string & name)
{
  for (const Kernels & kernels : available_kernels()) {
    if (name.empty() || name == kernels.name) {
      return kernels;
    }
  }
  throw std::invalid_argument("this processor has no " + name);
}

}  // namespace gaussians
