# SPDX-License-Identifier: Apache-2.0
"""
The renderer node on a PatternEngine, as a process: ``python -m support.pattern_node``.

The environment variable SECONDS_PER_RAY says how slow the engine is. The parameter config is what
open_pattern makes of it.
"""

from __future__ import annotations

import os
import sys
import time

from nerfstudio_renderer import ProgressiveRenderer, SceneError
from nerfstudio_renderer.scene.world import WorldTransform
from nerfstudio_renderer_ros.main import main
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
import numpy as np

from support.engines import FailingEngine

WORLD_SCALE = 0.5
BROKEN = 'broken'
ENDS = {'exit': SystemExit(3), 'interrupt': KeyboardInterrupt()}
"""What loading a scene of such a name raises."""


class BlueEngine(FailingEngine):
    """
    Renders the pattern with some blue, by which scenes can be told apart.

    :param blue: 0 to 255.
    """

    def __init__(self, blue: int, **options: float) -> None:
        super().__init__(**options)
        self.blue = blue

    class PatternView(FailingEngine.PatternView):
        """A view of a blue pattern."""

        def _pattern(self, indices: np.ndarray) -> np.ndarray:
            picture = super()._pattern(indices)
            picture[:, 2] = self._engine.blue / 255.0
            return picture


def open_pattern(values: dict) -> LoadedScene:
    """
    Return a renderer that needs no scene, in a world of twice the scene's size.

    :param values: ``config`` may begin with BROKEN, be one of ENDS, or how blue the pictures are,
        and how many seconds loading takes: ``blue:seconds``.
    """
    if values['config'].startswith(BROKEN):
        raise SceneError(f'config {values["config"]!r} is broken')
    if values['config'] in ENDS:
        raise ENDS[values['config']]
    blue, _, seconds = values['config'].partition(':')
    time.sleep(float(seconds or 0.0))
    engine = BlueEngine(
        int(blue or 0), seconds_per_ray=float(os.environ.get('SECONDS_PER_RAY', '0'))
    )
    world = WorldTransform(np.eye(3, 4), WORLD_SCALE)
    title = f'pattern {values["config"]}'
    return LoadedScene(ProgressiveRenderer(engine), world, title, 'pattern: as asked')


if __name__ == '__main__':
    sys.exit(main(opener=open_pattern))
