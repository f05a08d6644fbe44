# SPDX-License-Identifier: Apache-2.0
"""One loaded scene for all the queues that render it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import threading
import weakref

from nerfstudio_renderer.scene.files import SceneFiles
from nerfstudio_renderer.scene.scene import load_scene, Scene

_Key = tuple[object, ...]


class SceneCache:
    """
    Loads each scene once for everybody who holds it at the same time.

    A scene lives as long as somebody holds it; the cache does not. A file that has changed since
    it was loaded makes another scene.

    :param load: as ``load_scene``.
    """

    def __init__(self, load: Callable[..., Scene] = load_scene) -> None:
        self._load = load
        self._changed = threading.Condition()
        self._scenes: weakref.WeakValueDictionary[_Key, Scene] = weakref.WeakValueDictionary()
        self._loading: set[_Key] = set()

    def get(
        self,
        config: Path | str | None = None,
        *,
        checkpoint: Path | str | None = None,
    ) -> Scene:
        """
        Return the scene, loaded now or shared; parameters and errors as of ``load_scene``.

        Who asks while another thread loads it waits for that. A load that fails is its asker's
        alone: the next one tries anew.
        """
        files = SceneFiles.locate(config, checkpoint)
        paths = (files.config, files.checkpoint or files.config, files.transforms)
        key = tuple(map(_state, paths))
        with self._changed:
            self._changed.wait_for(lambda: key not in self._loading)
            scene = self._scenes.get(key)
            if scene is not None:
                return scene
            self._loading.add(key)
        try:
            scene = self._load(files.config, checkpoint=files.checkpoint)
            with self._changed:
                self._scenes[key] = scene
            return scene
        finally:
            with self._changed:
                self._loading.discard(key)
                self._changed.notify_all()


def _state(path: Path) -> _Key:
    """Return what tells a file, as it is now, from any other."""
    try:
        status = path.stat()
    except OSError:  # there is none, or none that can be read
        return (path.absolute(),)
    return (path.resolve(), status.st_ino, status.st_mtime_ns, status.st_size)


_PROCESS = SceneCache()


def shared_scene(
    config: Path | str | None = None, *, checkpoint: Path | str | None = None
) -> Scene:
    """Return a scene of this process's own ``SceneCache``."""
    return _PROCESS.get(config, checkpoint=checkpoint)
