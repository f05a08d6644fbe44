# SPDX-License-Identifier: Apache-2.0
"""The render queue as scripts use it: update the camera, get the newest image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import weakref

from nerfstudio_renderer.caches import free_unused_memory
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.pose import c2w_from_euler
from nerfstudio_renderer.defaults import DEFAULTS
from nerfstudio_renderer.engines.registry import select_engine
from nerfstudio_renderer.errors import ConfigurationError, contained
from nerfstudio_renderer.rendering.camera_config import read_image_levels
from nerfstudio_renderer.rendering.frame import Frame
from nerfstudio_renderer.rendering.levels import Levels, Quality, StrideLevels
from nerfstudio_renderer.rendering.progressive import ProgressiveRenderer
from nerfstudio_renderer.rendering.render_queue import RenderQueue
from nerfstudio_renderer.scene import Scene, shared_scene
import numpy as np


class NerfStudioRenderQueue:
    """
    Renders a trained scene from a moving camera, coarse to fine, on a thread of its own.

    >>> rq = NerfStudioRenderQueue(model_config_path=Path('config.yml'))
    >>> rq.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    >>> image = rq.wait_for_image()

    Once an image of an update is ready, fetched or not, no image of an earlier update is returned
    any more. Updating and getting need not be paired.

    Queues of one process that render the same scene share what was loaded.

    :param model_config_path: ``config.yml`` of ``ns-train``, its folder, or a file of Gaussians;
        None for the bundled scene.
    :param checkpoint_path: a ``step-*.ckpt`` instead of the newest beside the config.
    :param device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
    :param engine: 'auto', 'fused', 'gaussians' or 'nerfstudio'.
    :param camera_config_path: JSON list of levels, coarse to fine, each
        ``{"width": int, "height": int, "fov": vertical degrees}``; instead of the size, field of
        view and levels below.
    :param width: pixels in a row of the finest image.
    :param height: pixels in a column of it.
    :param fov_y_deg: vertical field of view, degrees.
    :param levels: strides, coarse to fine; the ROS node's defaults unless given.
    :param target_latency_ms: coarse levels are left out while the first image still comes within
        this many milliseconds.
    :param scene: a loaded scene, instead of ``model_config_path`` and ``checkpoint_path``.
    :raises SceneError: if the scene cannot be loaded.
    :raises ConfigurationError: if the device, the engine, the size or the levels cannot be used.
    """

    def __init__(
        self,
        model_config_path: Path | str | None = None,
        checkpoint_path: Path | str | None = None,
        device: str = 'auto',
        engine: str = 'auto',
        camera_config_path: Path | str | None = None,
        *,
        width: int = DEFAULTS.width,
        height: int = DEFAULTS.height,
        fov_y_deg: float = DEFAULTS.fov_y_deg,
        levels: Sequence[int] = DEFAULTS.levels,
        target_latency_ms: float = DEFAULTS.target_latency_ms,
        scene: Scene | None = None,
    ) -> None:
        if camera_config_path is None:
            self._intrinsics = Intrinsics.from_fov_y(width, height, fov_y_deg)
            chosen: Levels = StrideLevels(tuple(levels))
        else:
            chosen = read_image_levels(Path(camera_config_path))
            self._intrinsics = chosen.images[-1]
        self._quality = Quality(chosen, target_latency_ms / 1e3)
        if scene is not None and (model_config_path or checkpoint_path):
            raise ConfigurationError('give either a loaded scene or the paths of one, not both')
        with contained('loading the scene'):
            scene = scene or shared_scene(model_config_path, checkpoint=checkpoint_path)
            renderer = ProgressiveRenderer(select_engine(scene, engine, device))
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
        camera = Camera(c2w_from_euler(position, rotation), self._intrinsics)
        self._queue.update(camera, quality=self._quality)

    def get_rgb_image(self) -> np.ndarray | None:
        """
        Return the newest image, if it was not returned before.

        :returns: float32 of shape (height, width, 3) in 0..1, the caller's own; or None until a
            newer update, or the same update in higher quality, has finished.
        """
        return _own_rgb(self._queue.take())

    def wait_for_image(self, timeout_s: float = 2.0) -> np.ndarray | None:
        """
        Wait for the next image that was not returned before.

        :returns: as ``get_rgb_image``; None if there is none within ``timeout_s`` seconds.
        """
        return _own_rgb(self._queue.take(timeout_s=timeout_s))

    def get_frame(self) -> Frame | None:
        """Return the newest image as a frame, with depth and accumulation, if it is unseen."""
        return self._queue.take()

    def close(self) -> None:
        """Stop rendering; the thread ends after the chunk in work."""
        self._finalizer()

    def __enter__(self) -> NerfStudioRenderQueue:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _own_rgb(frame: Frame | None) -> np.ndarray | None:
    return None if frame is None else np.array(frame.image.rgb, order='C')


def _release(queue: RenderQueue, held: list[Scene]) -> None:
    """End ``queue``, and free the scene if no other queue holds it."""
    queue.close()
    scene = weakref.ref(held.pop())
    if scene() is None:
        free_unused_memory()
