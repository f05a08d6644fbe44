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
"""The render queue as scripts use it: update the camera, get the newest picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import weakref

from nerfstudio_renderer.camera import Camera, Intrinsics
from nerfstudio_renderer.defaults import DEFAULTS
from nerfstudio_renderer.engines.selection import select_engine
from nerfstudio_renderer.errors import contained
from nerfstudio_renderer.ladder import Ladder, StrideLadder
from nerfstudio_renderer.memory import free_unused_memory
from nerfstudio_renderer.picture_config import read_picture_ladder
from nerfstudio_renderer.pose import c2w_from_euler
from nerfstudio_renderer.progressive import ProgressiveRenderer, Quality
from nerfstudio_renderer.render_queue import RenderQueue
from nerfstudio_renderer.scene import Scene, shared_scene
import numpy as np


class NerfStudioRenderQueue:
    """
    Renders a trained scene from a moving camera, coarse to fine, on a thread of its own.

    >>> rq = NerfStudioRenderQueue(model_config_path=Path('config.yml'))
    >>> rq.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    >>> image = rq.get_rgb_image()  # None until there is one that was not yet returned

    Once a picture of an update is ready, fetched or not, no picture of an earlier update is
    returned any more. The two calls need not be paired.

    Queues of one process that render the same scene share the loaded model.

    :param model_config_path: ``config.yml`` of ``ns-train``, or its folder; None for the bundled
        scene.
    :param checkpoint_path: a ``step-*.ckpt`` instead of the newest beside the config.
    :param device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
    :param engine: 'auto', 'nerfstudio' or 'fused'.
    :param camera_config_path: JSON list of levels, coarse to fine, each
        ``{"width": int, "height": int, "fov": vertical degrees}``; None for the same levels as
        the ROS node's defaults.
    :raises SceneError: if the scene cannot be loaded.
    :raises ConfigurationError: if the device, the engine or the levels cannot be used.
    """

    def __init__(
        self,
        model_config_path: Path | str | None = None,
        checkpoint_path: Path | str | None = None,
        device: str = 'auto',
        engine: str = 'auto',
        camera_config_path: Path | str | None = None,
    ) -> None:
        self._intrinsics, ladder = _pictures(camera_config_path)
        quality = Quality(ladder, DEFAULTS.target_latency_ms / 1e3)
        with contained('loading the scene'):
            scene = shared_scene(model_config_path, checkpoint=checkpoint_path)
            renderer = ProgressiveRenderer(select_engine(scene, engine, device), quality)
        self._queue = RenderQueue(renderer)
        # Not __del__: this also runs, in order, when the interpreter exits.
        self._finalizer = weakref.finalize(self, _release, self._queue, [scene])

    def update_camera(self, position: Sequence[float], rotation: Sequence[float]) -> None:
        """
        Look from somewhere else; returns at once.

        :param position: x, y, z of the camera's centre, scene units.
        :param rotation: Euler angles in degrees, about the scene's fixed x, then y, then z axis
            (scipy's 'xyz'), of a camera that looks along its -z with +y up (OpenGL).
        :raises PoseError: if there are not three finite numbers in each (a ValueError).
        """
        self._queue.update(Camera(c2w_from_euler(position, rotation), self._intrinsics))

    def get_rgb_image(self) -> np.ndarray | None:
        """
        Return the newest picture, if it was not returned before.

        :returns: float32 of shape (height, width, 3) in 0..1, the caller's own; or None until a
            newer update, or the same update in higher quality, has finished.
        """
        frame = self._queue.take()
        return None if frame is None else np.array(frame.picture.rgb, order='C')

    def close(self) -> None:
        """Stop rendering; the thread ends after the chunk in work."""
        self._finalizer()

    def __enter__(self) -> NerfStudioRenderQueue:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _release(queue: RenderQueue, held: list[Scene]) -> None:
    """End ``queue``, and free the scene if no other queue holds it."""
    queue.close()
    scene = weakref.ref(held.pop())
    if scene() is None:
        free_unused_memory()


def _pictures(camera_config_path: Path | str | None) -> tuple[Intrinsics, Ladder]:
    if camera_config_path is None:
        return DEFAULTS.intrinsics, StrideLadder(DEFAULTS.levels)
    ladder = read_picture_ladder(Path(camera_config_path))
    return ladder.pictures[-1], ladder
