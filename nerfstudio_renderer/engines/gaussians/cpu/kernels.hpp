// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set: included by a source file that chooses it.

#pragma once

#include "blending.hpp"
#include "projection.hpp"
#include "tiles.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

void project(const Scene & scene, const View & view, const Frame & frame, std::int32_t part)
{
  project_part(scene, view, frame, part);
}

void fill(
  const Scene & scene, const View & view, const Frame & frame, std::int32_t part,
  const Range & band)
{
  fill_tiles(scene, view, frame, part, band);
}

void blend(
  const Scene & scene, const View & view, const Frame & frame, std::int32_t tile,
  const Runs & runs)
{
  blend_tile(scene, view, frame, tile, runs);
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
