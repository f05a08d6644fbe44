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
"""
The renderer node on a PatternEngine, as a process: ``python -m support.pattern_node``.

The environment variable SECONDS_PER_RAY says how slow the engine is.
"""

from __future__ import annotations

import os
import sys

from nerfstudio_renderer import ProgressiveRenderer, Quality, StrideLadder
from nerfstudio_renderer.scene.world import WorldTransform
from nerfstudio_renderer_ros.main import main
from nerfstudio_renderer_ros.opening import OpenedScene
import numpy as np

from support.engines import FailingEngine

WORLD_SCALE = 0.5


def open_pattern(values: dict) -> OpenedScene:
    """Return a renderer that needs no scene, in a world of twice the scene's size."""
    engine = FailingEngine(seconds_per_ray=float(os.environ.get('SECONDS_PER_RAY', '0')))
    renderer = ProgressiveRenderer(engine, Quality(StrideLadder((1,))))
    return OpenedScene(renderer, WorldTransform(np.eye(3, 4), WORLD_SCALE))


if __name__ == '__main__':
    sys.exit(main(opener=open_pattern))
