// SPDX-License-Identifier: Apache-2.0
// The spherical harmonics of a packet's directions.

#pragma once

#include "model.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// Degrees 0 to 3 of (direction + 1) / 2: nerfstudio maps directions to 0..1 for tiny-cuda-nn, and
// its own implementation, which this follows, does not map them back.
INLINE void harmonics(const Lanes (&direction)[3], Lanes * out)
{
  for (int p = 0; p < PARTS; ++p) {
    const Floats x = (direction[0].part[p] + 1.0f) * 0.5f;
    const Floats y = (direction[1].part[p] + 1.0f) * 0.5f;
    const Floats z = (direction[2].part[p] + 1.0f) * 0.5f;
    const Floats xx = x * x, yy = y * y, zz = z * z;
    out[0].part[p] = splat(0.28209479177387814f);
    out[1].part[p] = 0.4886025119029199f * y;
    out[2].part[p] = 0.4886025119029199f * z;
    out[3].part[p] = 0.4886025119029199f * x;
    out[4].part[p] = 1.0925484305920792f * x * y;
    out[5].part[p] = 1.0925484305920792f * y * z;
    out[6].part[p] = 0.9461746957575601f * zz - 0.31539156525251999f;
    out[7].part[p] = 1.0925484305920792f * x * z;
    out[8].part[p] = 0.5462742152960396f * (xx - yy);
    out[9].part[p] = 0.5900435899266435f * y * (3.0f * xx - yy);
    out[10].part[p] = 2.890611442640554f * x * y * z;
    out[11].part[p] = 0.4570457994644658f * y * (5.0f * zz - 1.0f);
    out[12].part[p] = 0.3731763325901154f * z * (5.0f * zz - 3.0f);
    out[13].part[p] = 0.4570457994644658f * x * (5.0f * zz - 1.0f);
    out[14].part[p] = 1.445305721320277f * z * (xx - yy);
    out[15].part[p] = 0.5900435899266435f * x * (xx - 3.0f * yy);
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
