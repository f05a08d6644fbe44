# SPDX-License-Identifier: Apache-2.0
"""The memory that scenes and cameras take up, and how it is given back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
import gc

_caches: list[Callable] = []
_cleaners: list[Callable[[], None]] = []


def cached(most: int) -> Callable[[Callable], Callable]:
    """
    Return what keeps a function's last results, until ``clear_caches``.

    :param most: how many of them.
    """

    def decorate(function: Callable) -> Callable:
        keeping = lru_cache(maxsize=most)(function)
        _caches.append(keeping)
        return keeping

    return decorate


def clear_caches() -> None:
    """Let go of all that ``cached`` keeps; who still works with a result has it."""
    for keeping in _caches:
        keeping.cache_clear()


def call_when_freeing(clean: Callable[[], None]) -> None:
    """Have ``free_unused_memory`` call ``clean``, which gives back what a library keeps."""
    _cleaners.append(clean)


def free_unused_memory() -> None:
    """Give back what models that nobody holds any more have left behind."""
    gc.collect()  # nerfstudio's models refer to themselves
    for clean in _cleaners:
        clean()
