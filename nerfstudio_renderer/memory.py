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
"""The memory that scenes and cameras take up, and how it is given back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
import gc

import psutil
import torch

_caches: list[Callable] = []


def cached(most: int) -> Callable[[Callable], Callable]:
    """
    Return what keeps a function's last results, until ``forget_cached``.

    :param most: how many of them.
    """

    def decorate(function: Callable) -> Callable:
        keeping = lru_cache(maxsize=most)(function)
        _caches.append(keeping)
        return keeping

    return decorate


def memory_in_use(device: torch.device) -> int:
    """Return the bytes that this process holds: on a CUDA device, or in main memory."""
    if device.type == 'cuda':
        return torch.cuda.memory_reserved(device)
    return psutil.Process().memory_info().rss


def forget_cached() -> None:
    """Let go of all that ``cached`` keeps; who still works with a result has it."""
    for keeping in _caches:
        keeping.cache_clear()


def free_unused_memory() -> None:
    """Give back what models that nobody holds any more have left behind."""
    gc.collect()  # nerfstudio's models refer to themselves
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # PyTorch would keep their memory from other programs
