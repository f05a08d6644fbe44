// SPDX-License-Identifier: Apache-2.0
// From one sample to the next along a packet's rays.

#pragma once

#include "hash_grid.hpp"
#include "model.hpp"
#include "sampling.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

struct PacketRays
{
  float origin[3];
  Lanes direction[3];
};

class RayMarcher
{
public:
  // :param edges: of the samples, in the spacing; read by each call of ``advance``.
  INLINE RayMarcher(const Model & model, const PacketRays & rays, const Lanes * edges)
  : transmittance(all(1.0f)), model_(model), rays_(rays), spacing_(model), edge_(edges),
    end_(spacing_.distances(*edges)) {}

  // Go to the next sample.
  INLINE void advance()
  {
    const Lanes start = end_;
    end_ = spacing_.distances(*++edge_);
    for (int p = 0; p < PARTS; ++p) {
      middle.part[p] = (start.part[p] + end_.part[p]) * 0.5f;
      length_.part[p] = end_.part[p] - start.part[p];
      place(p);
    }
  }

  // Return what the sample contributes to its ray, and pass it. ``log_density`` is at the middle.
  INLINE Lanes weight(const Lanes & log_density)
  {
    Lanes result;
    for (int p = 0; p < PARTS; ++p) {
      const Floats density = exponential(log_density.part[p]) * inside_.part[p];
      const Floats passed = exponential(-density * length_.part[p]);
      result.part[p] = transmittance.part[p] * (1.0f - passed);
      transmittance.part[p] *= passed;
    }
    return result;
  }

  // Middle of the sample, as a distance along the ray and in the unit cube (0 where outside).
  Lanes middle;
  Positions positions;
  // What comes through all samples that were passed.
  Lanes transmittance;

private:
  INLINE void place(int p)
  {
    Floats at[3];
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = rays_.origin[axis] + rays_.direction[axis].part[p] * middle.part[p];
    }
    if (model_.contracted) {
      contract(at);
    } else {
      for (int axis = 0; axis < 3; ++axis) {
        at[axis] = (at[axis] - model_.box_low[axis]) * model_.box_scale[axis];
      }
    }
    Ints within = splat(-1);
    for (int axis = 0; axis < 3; ++axis) {
      within &= (at[axis] > 0.0f) & (at[axis] < 1.0f);
    }
    positions.x.part[p] = within ? at[0] : Floats{};
    positions.y.part[p] = within ? at[1] : Floats{};
    positions.z.part[p] = within ? at[2] : Floats{};
    inside_.part[p] = within ? splat(1.0f) : Floats{};
  }

  // All of space into a cube of side 4, by the maximum norm (Barron et al. 2022, mip-NeRF 360),
  // and that into the unit cube.
  INLINE static void contract(Floats (& at)[3])
  {
    const Floats norm = larger(larger(magnitude(at[0]), magnitude(at[1])), magnitude(at[2]));
    const Floats inverse = 1.0f / norm;
    const Floats scale = norm < 1.0f ? splat(1.0f) : (2.0f - inverse) * inverse;
    for (int axis = 0; axis < 3; ++axis) {
      at[axis] = (at[axis] * scale + 2.0f) * 0.25f;
    }
  }

  const Model & model_;
  const PacketRays & rays_;
  Spacing spacing_;
  const Lanes * edge_;
  Lanes end_;
  Lanes length_;
  Lanes inside_;  // 1, or 0 where there is nothing
};

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
