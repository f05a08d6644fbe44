// SPDX-License-Identifier: Apache-2.0
// The kernels for any processor: SSE2 on x86, NEON on Arm, whatever the compiler's default has.

#define INSTRUCTION_SET baseline
#define VECTOR_FLOATS 4
#include "kernels.hpp"
