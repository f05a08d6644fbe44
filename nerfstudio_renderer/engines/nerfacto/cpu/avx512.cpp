// SPDX-License-Identifier: Apache-2.0
// The kernel for x86 processors with AVX-512.

#if defined(__x86_64__)

#include <cstdint>
#include <immintrin.h>
#include <new>
#include <utility>

#include "model.hpp"

#if defined(__clang__)
#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,prefer-vector-width=512")
#endif

#define INSTRUCTION_SET avx512
#define VECTOR_FLOATS 16
#define VECTORS 2
#define REGISTERS 32
#include "kernel.hpp"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
