# SPDX-License-Identifier: Apache-2.0
"""Memory that is given back when nobody needs it any more."""

from __future__ import annotations

import gc
import weakref

from nerfstudio_renderer import clear_caches, Intrinsics
from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.engines.rays import ray_mask


class _Big:
    """Something that is worth keeping."""


def test_results_are_kept_until_they_are_forgotten():
    made: list[weakref.ref] = []

    @cached(most=2)
    def make(name: str) -> _Big:
        big = _Big()
        made.append(weakref.ref(big))
        return big

    assert make('a') is make('a')
    assert make('b') is not make('a')
    assert len(made) == 2
    clear_caches()
    gc.collect()
    assert [reference() for reference in made] == [None, None]


def test_the_tables_of_a_distorted_camera_are_given_back():
    camera = Intrinsics(64, 48, 50.0, 50.0, 32.0, 24.0, distortion=(-2.0, 0.0, 0.0, 0.0))
    mask = weakref.ref(ray_mask(camera))
    assert mask() is not None
    clear_caches()
    gc.collect()
    assert mask() is None
