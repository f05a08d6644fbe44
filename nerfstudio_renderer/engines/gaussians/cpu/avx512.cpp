// SPDX-License-Identifier: Apache-2.0
// The kernels for x86 processors with AVX-512.

#if defined(__x86_64__)

#include <cstdint>
#include <immintrin.h>
#include <utility>

#include "frame.hpp"
#include "scene.hpp"
#include "view.hpp"

#if defined(__clang__)
#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,bmi,bmi2,prefer-vector-width=512")
#endif

#define INSTRUCTION_SET avx512
#define VECTOR_FLOATS 16
#include "kernels.hpp"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
