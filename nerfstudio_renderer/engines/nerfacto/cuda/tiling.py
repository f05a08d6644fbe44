# SPDX-License-Identifier: Apache-2.0
"""How the kernels divide their work."""

from __future__ import annotations

from dataclasses import dataclass

_BLACKWELL_SERVER = 10


@dataclass(frozen=True)
class Tile:
    """What one program (a block of threads) does at a time, and with what."""

    rays: int
    """Neighbouring rays, a power of 2; from 32 on, they are the lanes of each gather."""
    samples: int
    """Samples of each ray in one step, a power of 2; of the resampling kernel, new edges."""
    warps: int
    """Of 32 threads."""
    registers: int | None = None
    """At most so many per thread, so that more programs fit; None: what the compiler likes."""


@dataclass(frozen=True)
class Tiling:
    """The tiles of all kernels; ``python -m benchmarks.gpu_kernels --tilings`` compares some."""

    # Single warps wait for no other; four samples per lane keep loads in flight.
    proposal: Tile = Tile(rays=32, samples=4, warps=1)
    """Of the proposal passes."""
    resampling: Tile = Tile(rays=128, samples=4, warps=4)
    """Between the passes."""
    # Four warps share the weights, and are what the widest tensor core instruction takes.
    field: Tile = Tile(rays=128, samples=1, warps=4, registers=128)
    """Of the rendered samples."""
    rays_per_multiprocessor: int = 2048
    """Rays to render at once: a few times what fits. Also decides how much memory is used."""


def tiling_for(width: int, capability: tuple[int, int]) -> Tiling:
    """
    Return the tiles for a model.

    :param width: of the field's widest layer.
    :param capability: the device's compute capability.
    """
    if capability[0] == _BLACKWELL_SERVER:
        # With four warps, Triton 3.6 and 3.9 fail to compile matrices as narrow as these.
        return Tiling(field=Tile(rays=64, samples=1, warps=2))
    if width > 128:
        return Tiling(field=Tile(rays=128, samples=1, warps=8))
    if width > 64:
        return Tiling(field=Tile(rays=128, samples=1, warps=4))
    return Tiling()
