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
