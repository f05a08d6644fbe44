// SPDX-License-Identifier: Apache-2.0
// The threads that the engines share their work with.

#pragma once

#if __has_include("../../native/thread_pool.hpp")
#include "../../native/thread_pool.hpp"
#else
#include "../../fused/cpu/crew.hpp"
namespace native {using ThreadPool = nerfacto::Crew;}
#endif
