// SPDX-License-Identifier: Apache-2.0
// The kernels for x86 processors with AVX2 and FMA.

#if defined(__x86_64__)

#include <cstdint>
#include <immintrin.h>
#include <utility>

#include "frame.hpp"
#include "scene.hpp"
#include "view.hpp"

#if defined(__clang__)
#pragma clang attribute push( \
  __attribute__((target("avx2,fma,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,bmi,bmi2")
#endif

#define INSTRUCTION_SET avx2
#define VECTOR_FLOATS 8
#include "kernels.hpp"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
