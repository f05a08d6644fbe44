# SPDX-License-Identifier: Apache-2.0
"""Using several CPU cores for one chunk of rays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

# Asked before any worker exists: on threads that start after one, PyTorch answers 1.
CORES = torch.get_num_threads()
"""CPU cores that PyTorch would use."""


class Workers:
    """
    Threads that each shade a part of a chunk.

    PyTorch itself would share out every single operation. A forward pass is hundreds of small
    ones, each of which then waits for the slowest core: as soon as any other process runs, the
    whole is ten times slower than on one core. Here the cores meet once a chunk.

    :param count: how many; 1 works on the calling thread, with PyTorch's own settings.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = None
        if count > 1:
            # PyTorch keeps the number of threads for each thread that asks.
            self._pool = ThreadPoolExecutor(
                count, 'shade', initializer=torch.set_num_threads, initargs=(1,)
            )

    def share(
        self, shade: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor
    ) -> list[torch.Tensor]:
        """Return ``shade`` of consecutive parts of ``pixels``, in their order."""
        if self._pool is None:
            return [shade(pixels)]
        return list(self._pool.map(shade, pixels.chunk(self._count)))
