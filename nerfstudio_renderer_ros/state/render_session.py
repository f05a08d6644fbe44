# SPDX-License-Identifier: Apache-2.0
"""The loaded scene, and the queue that renders it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
import threading

from nerfstudio_renderer import (
    Camera,
    clear_caches,
    ConfigurationError,
    Frame,
    free_unused_memory,
    PoseTolerance,
    Quality,
    RenderQueue,
    Update,
)
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
from nerfstudio_renderer_ros.state.settings import Settings
from nerfstudio_renderer_ros.state.stamps import IncreasingStamps
from nerfstudio_renderer_ros.state.update_context import UpdateContext
import numpy as np
from rclpy.time import Time

_PATIENCE_S = 2.0


@dataclass(frozen=True, eq=False)
class PoseRequest:
    """A pose to render, and how."""

    c2w: np.ndarray
    """Camera to world_frame, OpenGL axes, shape (3, 4), in the unit of the poses."""
    stamp: Time
    """Requested stamp; moved forward unless later than the previous one."""
    is_of_sender: bool
    """Whether the stamp is that of the message, not the time of its arrival."""
    settings: Settings
    """Parameters at its arrival."""
    calibration: Calibration
    """Of the camera."""
    force: bool = False
    """Render even if the pose is unchanged."""

    def renders_like(self, other: PoseRequest) -> bool:
        """Tell whether the two would give the same images if their poses were equal."""
        return (
            self.calibration == other.calibration
            and self.settings.of_images == other.settings.of_images
        )


class RenderSession:
    """
    Renders the loaded scene from the poses that are shown; thread-safe.

    :param listener: called with every frame, on the render thread.
    :param on_failure: called on the render thread with an update that could not be rendered.
    """

    def __init__(
        self, listener: Callable[[Frame], None], on_failure: Callable[[Update, Exception], None]
    ) -> None:
        # Held while a stamp is taken and the queue updated, so that both increase together.
        self._lock = threading.Lock()
        self._scene: LoadedScene | None = None
        self._last: PoseRequest | None = None
        self._time_restarted = False
        self._is_on = False
        self._stamps = IncreasingStamps()
        self._queue = RenderQueue(None, on_failure=on_failure)
        self._queue.subscribe(listener)

    @property
    def scene(self) -> LoadedScene | None:
        """Return the loaded scene, or None."""
        return self._scene

    @property
    def is_on(self) -> bool:
        """Return whether poses are rendered."""
        return self._is_on

    def set_scene(self, scene: LoadedScene) -> None:
        """Render ``scene`` from the next start on."""
        with self._lock:
            self._scene = scene

    def change_scene(
        self,
        old: LoadedScene,
        scene: LoadedScene,
        settings: Settings,
        calibration: Calibration,
    ) -> Update | None:
        """
        Replace ``old`` by ``scene``; blocks until the old renderer stops, at most 2 s.

        :param settings: the current settings, with which the last pose is rendered again.
        :param calibration: the current calibration, likewise.
        :returns: the update that renders the last pose again, or None.
        :raises ConfigurationError: if the loaded scene is no longer ``old``, or ``scene`` does not
            support the settings or the camera; nothing has changed then.
        """
        with self._lock:
            if self._scene is not old:
                raise ConfigurationError(
                    'the node was cleaned up, or given another one, while it was loaded'
                )
            scene.check(settings, calibration.intrinsics)
            self._scene = scene
            if not self._is_on:
                return None
            self._queue.replace(scene.renderer)
            update = None
            if self._last is not None:
                update = self._show(
                    replace(self._last, settings=settings, calibration=calibration)
                )
        self._queue.wait_until_replaced(_PATIENCE_S)
        return update

    def start(self) -> None:
        """Render the poses that are shown from now on."""
        with self._lock:
            self._is_on = True
            self._last = None
            self._queue.replace(self._scene.renderer)

    def stop(self) -> bool:
        """Stop rendering and drop all images; return whether that was done in time."""
        with self._lock:
            self._is_on = False
            return self._queue.detach()

    def clear(self) -> None:
        """Free the scene and its device memory, and forget all stamps."""
        with self._lock:
            self._scene = self._last = None
            self._stamps = IncreasingStamps()
        clear_caches()
        free_unused_memory()

    def close(self) -> bool:
        """Stop for good; return whether the render thread has ended in time."""
        return self._queue.close()

    def show(self, request: PoseRequest) -> Update | None:
        """
        Render a pose.

        :returns: the update that will be rendered, or None while nothing is.
        :raises RendererError: if the scene does not support the settings or the camera.
        """
        with self._lock:
            if not self._is_on:
                return None
            return self._show(request)

    def why_stale(self, stamp: Time, now: Time) -> str | None:
        """Return why a sender's ``stamp`` is stale, or None if it is not."""
        with self._lock:
            return self._stamps.why_stale(stamp, now)

    def restart_stamps(self, jumped_from_ns: int, now: Time) -> None:
        """Allow earlier stamps: the clock has jumped back from ``jumped_from_ns``."""
        with self._lock:
            self._stamps.restart(jumped_from_ns)
            if self._last is not None:
                self._last = replace(self._last, stamp=now, is_of_sender=False)
            self._time_restarted = True

    def take(self, client: str) -> Frame | None:
        """Return the newest frame if ``client`` has not taken it yet, else None."""
        return self._queue.take(client)

    def _show(self, request: PoseRequest) -> Update:
        scene, settings, calibration = self._scene, request.settings, request.calibration
        scene.check(settings, calibration.intrinsics)
        units = scene.units(settings)
        camera = Camera(units.to_scene(request.c2w), calibration.intrinsics)
        stamp = self._stamps.take(request.stamp, request.is_of_sender).to_msg()
        force = (
            request.force
            or self._time_restarted  # the stamps of its images are from before
            or (self._last is not None and not request.renders_like(self._last))
        )
        self._last, self._time_restarted = request, False
        return self._queue.update(
            camera,
            quality=Quality(settings.levels, settings.target_latency_s),
            tolerance=PoseTolerance(settings.tolerance_m * units.scale, settings.tolerance_deg),
            context=UpdateContext(stamp, settings, calibration, request.c2w, units.scale),
            force=force,
        )
