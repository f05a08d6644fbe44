// SPDX-License-Identifier: Apache-2.0
// The kernel for x86 processors with AVX2 and FMA.

#if defined(__x86_64__)

#include <cstdint>
#include <immintrin.h>
#include <new>
#include <utility>

#include "model.hpp"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define INSTRUCTION_SET avx2
#define VECTOR_FLOATS 8
#define VECTORS 2
#define REGISTERS 16
#include "kernel.hpp"

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif
