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
