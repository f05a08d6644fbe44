// SPDX-License-Identifier: Apache-2.0
// The kernel of one instruction set: included by a source file that chooses it.

#pragma once

#include "model.hpp"
#include "packet.hpp"
#include "vectors.hpp"
#include "workspace.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

INLINE PacketRays load(const Rays & rays, std::int64_t first)
{
  PacketRays packet;
  for (int axis = 0; axis < 3; ++axis) {
    packet.origin[axis] = rays.origin[axis];
  }
  for (int lane = 0; lane < LANES; ++lane) {
    const std::int64_t ray = first + lane < rays.count ? first + lane : first;
    for (int axis = 0; axis < 3; ++axis) {
      packet.direction[axis][lane] = rays.directions[ray * 3 + axis];
    }
  }
  return packet;
}

INLINE void store(const Picture & picture, const Rays & rays, std::int64_t first)
{
  for (int lane = 0; lane < LANES && first + lane < rays.count; ++lane) {
    float * pixel = rays.pictures + (first + lane) * CHANNELS;
    for (int c = 0; c < 3; ++c) {
      *pixel++ = picture.colour[c][lane];
    }
    *pixel++ = picture.depth[lane];
    *pixel++ = picture.accumulation[lane];
  }
}

// Render packets until none are left; threads that share ``next``, the first ray that nobody has
// taken yet, share the work.
void render(const Model & model, const Rays & rays, std::int64_t * next)
{
  Workspace work(model);
  for (;; ) {
    const std::int64_t first = __atomic_fetch_add(next, LANES, __ATOMIC_RELAXED);
    if (first >= rays.count) {
      return;
    }
    Picture picture;
    render_packet(model, load(rays, first), work, picture);
    store(picture, rays, first);
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
