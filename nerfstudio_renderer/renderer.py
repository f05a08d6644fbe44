# SPDX-License-Identifier: Apache-2.0
"""One image at a time, for scripts that wait for it."""

from __future__ import annotations

import time

from nerfstudio_renderer.cameras.camera import Camera
from nerfstudio_renderer.engines.protocol import HasGaussians
from nerfstudio_renderer.engines.registry import select_engine
from nerfstudio_renderer.rendering.frame import Frame, Update
from nerfstudio_renderer.rendering.levels import Quality, StrideLevels
from nerfstudio_renderer.rendering.progressive import ProgressiveRenderer
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.extent import Extent, NERFSTUDIO_EXTENT

_FINEST_ALONE = Quality(StrideLevels((1,)))


class Renderer:
    """
    Renders the finest image of one camera after another; for one thread at a time.

    >>> frame = Renderer(load_scene()).render(Camera(c2w, Intrinsics.from_fov_y(640, 360, 50.0)))
    >>> frame.rgb.shape
    (360, 640, 3)

    :param scene: what is rendered.
    :param engine: 'auto', 'fused', 'gaussians' or 'nerfstudio'.
    :param device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
    :raises SceneError: if the scene's files do not belong together.
    :raises ConfigurationError: if the engine or the device cannot be used.
    """

    def __init__(self, scene: Scene, *, engine: str = 'auto', device: str = 'auto') -> None:
        self._series = ProgressiveRenderer(select_engine(scene, engine, device))
        self._sequence = 0

    @property
    def engine(self) -> str:
        """Return the name of the engine that renders."""
        return self._series.engine.name

    @property
    def device(self) -> str:
        """Return the device that renders."""
        return str(self._series.engine.device)

    @property
    def extent(self) -> Extent:
        """Return where the scene is, as far as the engine knows."""
        engine = self._series.engine
        return engine.extent if isinstance(engine, HasGaussians) else NERFSTUDIO_EXTENT

    @property
    def gaussian_count(self) -> int | None:
        """Return how many Gaussians the scene has, None if it has none."""
        engine = self._series.engine
        return engine.gaussian_count if isinstance(engine, HasGaussians) else None

    def render(self, camera: Camera) -> Frame:
        """
        Return the finest image of ``camera``.

        :raises RenderError: if the engine cannot render such a camera, or the image is none.
        """
        self._sequence += 1
        update = Update[None](self._sequence, camera, time.monotonic(), _FINEST_ALONE)
        return next(self._series.frames(update, lambda level: False))
