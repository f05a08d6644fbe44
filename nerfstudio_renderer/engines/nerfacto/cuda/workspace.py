# SPDX-License-Identifier: Apache-2.0
"""Memory between the kernels."""

from __future__ import annotations

from collections.abc import Sequence

import torch

_LEAST_RAYS = 4096


class Workspace:
    """
    Buffers of one number per sample and ray, which every call overwrites.

    :param samples: of a ray in each proposal pass, then in the field.
    :param most_rays: what there will ever be room for.
    """

    def __init__(self, samples: Sequence[int], most_rays: int, device: torch.device) -> None:
        self._samples = tuple(samples)
        self._device = device
        self.most_rays = most_rays
        """Rays to render at once."""
        self.pitch = 0
        """Elements from one sample to the next: the rays that there is room for."""
        self.absorbed = torch.empty(0, device=device)
        """Running sums of weights, float32 of shape (samples, pitch)."""
        self.edges: tuple[torch.Tensor, ...] = ()
        """Edges of all passes' samples but the first's, float32 of shape (samples + 1, pitch)."""

    def make_room(self, rays: int) -> None:
        """Have room for at least ``rays``."""
        if rays <= self.pitch:
            return
        self.absorbed, self.edges = torch.empty(0, device=self._device), ()  # before new ones
        self.pitch = min(max(1 << (rays - 1).bit_length(), _LEAST_RAYS), self.most_rays)
        self.absorbed = self._buffer(max(self._samples[:-1]))
        self.edges = tuple(self._buffer(count + 1) for count in self._samples[1:])

    def _buffer(self, rows: int) -> torch.Tensor:
        return torch.empty((rows, self.pitch), dtype=torch.float32, device=self._device)
