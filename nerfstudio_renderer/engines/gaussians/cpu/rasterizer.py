# SPDX-License-Identifier: Apache-2.0
"""Rendering Gaussians with the CPU kernels; needs numpy alone."""

from __future__ import annotations

from collections.abc import Callable

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.engines.cpu_kernels import CORES, not_compiled
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.scene.gaussians import Gaussians
import numpy as np

try:
    from nerfstudio_renderer.engines.gaussians.cpu import _kernel
except ImportError as error:  # setup.py was not run, or for another Python
    _kernel = None
    _missing = str(error)

NEAR = 0.01
"""Depth from which on Gaussians are drawn, as nerfstudio has it; scene units."""

MOST_ENTRIES = 1 << 26
"""
Gaussians in tiles that a rasteriser holds at a time, half a gigabyte; where more reach more tiles,
the picture is rendered in bands.
"""


def unsupported_reason() -> str | None:
    """Return why there are no CPU kernels here, or None if there are."""
    if _kernel is None:
        return not_compiled(_missing)
    return None


def instruction_sets() -> list[str]:
    """Return the names of the kernels that this processor can run, the fastest first."""
    return _kernel.instruction_sets()


def cancellation():
    """Return an object whose ``set()`` stops, from any thread, what it was given to."""
    return _kernel.Cancellation()


class PackedGaussians:
    """
    Gaussians in the form in which the kernels read them; read-only, and so may be shared.

    :param threads: how many pack at a time; 0 for one on each core.
    :raises ValueError: if a centre is not finite.
    """

    def __init__(self, gaussians: Gaussians, *, threads: int = 0) -> None:
        self._kernel_scene = _kernel.PackedScene(
            *(
                np.ascontiguousarray(array, np.float32)
                for array in (
                    gaussians.means, gaussians.quaternions, gaussians.log_scales,
                    gaussians.opacity_logits, gaussians.sh,
                )
            ),
            gaussians.antialiased, gaussians.background, threads or CORES,
        )

    def merged(self, size: int, *, threads: int = 0) -> PackedGaussians:
        """
        Return fewer Gaussians that look alike from afar, for coarse pictures.

        :param size: how many neighbours become one.
        """
        merged = object.__new__(PackedGaussians)
        merged._kernel_scene = self._kernel_scene.merged(size, threads or CORES)
        return merged

    def __len__(self) -> int:
        """Return the number of Gaussians."""
        return self._kernel_scene.count


class Rasterizer:
    """
    Renders pinhole pictures of Gaussians on all cores; other Python threads go on meanwhile.

    One picture at a time: the memory between its passes is kept for the next one.

    :param packed: may be shared with other rasterisers.
    :param instruction_set: one of instruction_sets(); '' for the fastest.
    :param threads: how many work at a time; 0 for one on each core.
    :param most_entries: Gaussians in tiles to hold at a time.
    """

    def __init__(
        self,
        packed: PackedGaussians,
        *,
        instruction_set: str = '',
        threads: int = 0,
        most_entries: int = MOST_ENTRIES,
    ) -> None:
        self._rasterizer = _kernel.Rasterizer(
            packed._kernel_scene, instruction_set, threads or CORES, most_entries
        )

    @property
    def instruction_set(self) -> str:
        """Return the name of the kernels that render."""
        return self._rasterizer.instruction_set

    def render(
        self,
        c2w: np.ndarray,
        intrinsics: Intrinsics,
        near: float = NEAR,
        *,
        out: np.ndarray | None = None,
        cancelled: Callable[[], bool] | object | None = None,
    ) -> np.ndarray | None:
        """
        Render a picture.

        :param c2w: camera to world, float64 of shape (3, 4), OpenGL axes, scene units; its first
            three columns are a rotation.
        :param intrinsics: of a pinhole camera.
        :param near: Gaussians whose centres are nearer than this are not drawn; above 0.
        :param out: float32 of shape (height, width, CHANNELS), contiguous; else new memory.
        :param cancelled: asked every 2 ms at most; or, at no cost, a cancellation().
        :returns: ``out``: the expected depth is along the camera's axis, 0 where there is nothing.
            None if cancelled; ``out`` is undefined then.
        :raises RenderError: if the camera is not a pinhole, or ``out`` of another size.
        :raises ValueError: if the picture is larger than 16384 pixels, or ``near`` not above 0.
        :raises MemoryError: if there is too little memory.
        """
        if not intrinsics.is_pinhole:
            raise RenderError(f'{intrinsics} is not a pinhole camera: Gaussians need one')
        if out is None:
            out = np.empty((intrinsics.height, intrinsics.width, CHANNELS), np.float32)
        elif out.shape[:2] != (intrinsics.height, intrinsics.width):
            raise RenderError(
                f'out has the shape {out.shape} instead of '
                f'({intrinsics.height}, {intrinsics.width}, {CHANNELS})'
            )
        finished = self._rasterizer.render(
            _world_to_camera(c2w),
            [intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy], near, out, cancelled,
        )
        return out if finished else None


def _world_to_camera(c2w: np.ndarray) -> np.ndarray:
    # From OpenGL's axes (y up, looking along -z) to y down and z forward.
    rotation = np.asarray(c2w, np.float64)[:, :3].T * np.array([[1.0], [-1.0], [-1.0]])
    translation = -rotation @ np.asarray(c2w, np.float64)[:, 3:]
    return np.ascontiguousarray(np.concatenate([rotation, translation], 1))
