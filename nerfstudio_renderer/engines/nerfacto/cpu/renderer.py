# SPDX-License-Identifier: Apache-2.0
"""Rendering rays with the CPU kernels."""

from __future__ import annotations

from nerfstudio_renderer.engines.cpu_kernels import CORES, not_compiled
from nerfstudio_renderer.engines.nerfacto.cpu.packing import PackedModel
from nerfstudio_renderer.engines.protocol import CHANNELS
import numpy as np

try:
    from nerfstudio_renderer.engines.nerfacto.cpu import _kernel
except ImportError as error:  # setup.py was not run, or for another Python
    _kernel = None
    _missing = str(error)


def unsupported_reason() -> str | None:
    """Return why there are no CPU kernels here, or None if there are."""
    if _kernel is None:
        return not_compiled(_missing)
    return None


def instruction_sets() -> list[str]:
    """Return the names of the kernels that this processor can run, the fastest first."""
    return _kernel.instruction_sets()


class CpuRenderer:
    """
    Renders rays on all cores; other Python threads go on meanwhile.

    :param packed: may be shared with other renderers.
    :param instruction_set: one of instruction_sets(); '' for the fastest.
    :param threads: how many work at a time.
    """

    def __init__(
        self, packed: PackedModel, *, instruction_set: str = '', threads: int = CORES
    ) -> None:
        self._renderer = _kernel.Renderer(packed, instruction_set, threads)

    @property
    def instruction_set(self) -> str:
        """Return the name of the kernel that renders."""
        return self._renderer.instruction_set

    def render(self, origin: tuple[float, float, float], directions: np.ndarray) -> np.ndarray:
        """
        Render rays from one point.

        :param origin: scene units.
        :param directions: unit vectors, float32 of shape (n, 3); rays that follow each other
            should be neighbours, since they are rendered together.
        :returns: float32 of shape (n, CHANNELS).
        """
        rendered = np.empty((len(directions), CHANNELS), np.float32)
        self._renderer.render(origin, directions, rendered)
        return rendered
