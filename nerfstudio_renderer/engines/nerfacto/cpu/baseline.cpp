// SPDX-License-Identifier: Apache-2.0
// The kernel for any processor: SSE2 on x86, NEON on Arm, whatever the compiler's default has.

#define INSTRUCTION_SET baseline
#define VECTOR_FLOATS 4
#define VECTORS 4
#if defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#include "kernel.hpp"
