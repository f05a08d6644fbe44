// SPDX-License-Identifier: Apache-2.0
// The kernels, one for each instruction set, and which of them this processor can run.

#pragma once

#include <cstdint>
#include <vector>

#include "model.hpp"

namespace nerfacto
{

#define DECLARE(INSTRUCTION_SET) \
  namespace INSTRUCTION_SET {void render(const Model &, const Rays &, std::int64_t *);}
DECLARE(baseline)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
#undef DECLARE

struct Kernel
{
  const char * name;
  void (* render)(const Model &, const Rays &, std::int64_t *);
};

// Those that this processor can run, the fastest first.
inline std::vector<Kernel> available_kernels()
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

}  // namespace nerfacto
