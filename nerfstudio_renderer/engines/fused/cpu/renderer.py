# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Rendering rays with the CPU kernels."""

from __future__ import annotations

from nerfstudio_renderer.engines.fused.cpu.packing import PackedModel
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.engines.workers import CORES
import torch

try:
    from nerfstudio_renderer.engines.fused.cpu import _kernel
except ImportError as error:  # setup.py was not run, or for another Python
    _kernel = None
    _missing = str(error)


def why_unavailable() -> str | None:
    """Return why there are no CPU kernels here, or None if there are."""
    if _kernel is None:
        return f'its CPU kernels are not compiled ({_missing}); run make setup, or colcon build'
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

    def render(
        self, origin: tuple[float, float, float], directions: torch.Tensor
    ) -> torch.Tensor:
        """
        Render rays from one point.

        :param origin: scene units.
        :param directions: unit vectors, float32 of shape (n, 3); rays that follow each other
            should be neighbours, since they are rendered together.
        :returns: float32 of shape (n, CHANNELS).
        """
        pictures = torch.empty(len(directions), CHANNELS)
        self._renderer.render(origin, directions.contiguous().numpy(), pictures.numpy())
        return pictures
