# SPDX-License-Identifier: Apache-2.0
"""The restricted service: a queue's own calls on the scenes of one folder, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
import weakref

from nerfstudio_renderer.errors import ConfigurationError, PoseError
from nerfstudio_renderer.nerfstudio_render_queue import NerfStudioRenderQueue
from nerfstudio_renderer.server.connection import Connection
from nerfstudio_renderer.server.scene_folder import SceneFolder
from nerfstudio_renderer.wording import quoted, shortened
from rpyc import Service
from rpyc.core import consts, netref

LONGEST_PACKET = 1 << 20
"""Bytes; a pose takes a hundred."""

MOST_QUEUES = 16
"""Open queues of one connection."""

_CONFIG = {
    **dict.fromkeys(('allow_safe_attrs', 'allow_exposed_attrs', 'allow_public_attrs',
                     'allow_all_attrs', 'allow_getattr', 'allow_setattr', 'allow_delattr',
                     'allow_pickle', 'import_custom_exceptions', 'instantiate_custom_exceptions',
                     'include_local_traceback', 'include_local_version'), False),
}
_REQUESTS = frozenset({
    consts.HANDLE_PING, consts.HANDLE_CLOSE, consts.HANDLE_GETROOT, consts.HANDLE_GETATTR,
    consts.HANDLE_CALL, consts.HANDLE_CALLATTR, consts.HANDLE_DEL, consts.HANDLE_INSPECT,
    consts.HANDLE_REPR, consts.HANDLE_STR, consts.HANDLE_HASH,
})

Image = tuple[tuple[int, int, int], str, bytes]
"""Shape, numpy's name of the element type, and the elements."""


class Exposed:
    """An object of which a client sees what ``names`` has, and nothing else."""

    def names(self) -> Mapping[str, Callable]:
        """Return what a client may call."""
        raise NotImplementedError

    def _rpyc_getattr(self, name: str) -> Callable:
        try:
            return self.names()[name]
        except KeyError:
            raise AttributeError(f'{quoted(name)} is not part of the restricted service') from None


class RestrictedConnection(Connection):
    """A connection that passes on values, exposed objects and their calls, and a list's items."""

    def __init__(self, root: Any, channel: Any, config: dict[str, Any]) -> None:
        super().__init__(root, channel, {**config, **_CONFIG})

    @classmethod
    def _request_handlers(cls) -> dict[int, Callable]:
        handlers = super()._request_handlers()
        return {request: handlers[request] for request in _REQUESTS}

    def _unbox(self, package: tuple) -> Any:
        label, value = package
        if label == consts.LABEL_REMOTE_REF and value[0] != 'builtins.list':
            # The name is the client's word, but it suffices that nothing is asked of others.
            raise TypeError(
                f'{shortened(str(value[0]))} is refused: give numbers, strings, tuples and lists'
            )
        return super()._unbox(package)

    def _box(self, obj: Any) -> tuple:
        boxed = super()._box(obj)
        if boxed[0] == consts.LABEL_REMOTE_REF and not _is_exposed(obj):
            raise TypeError(f'{type(obj)} must not leave the server')
        return boxed

    def _handle_inspect(self, id_pack: tuple) -> tuple:
        found = self._local_objects[id_pack]
        names = found.names() if isinstance(found, Exposed) else ()
        return tuple((name, '') for name in names)


class ServedQueue(Exposed):
    """
    A render queue as a client of the restricted service has it.

    :param queue: closed with this one.
    """

    def __init__(self, queue: NerfStudioRenderQueue) -> None:
        self._queue = queue

    def names(self) -> Mapping[str, Callable]:
        """Return what a client may call."""
        return {
            'update_camera': self.update_camera,
            'get_rgb_image': self.get_rgb_image,
            'close': self.close,
        }

    def update_camera(self, position: Any, rotation: Any) -> None:
        """Look from somewhere else, as of ``NerfStudioRenderQueue``."""
        self._queue.update_camera(_numbers(position, 'position'), _numbers(rotation, 'rotation'))

    def get_rgb_image(self) -> Image | None:
        """Return the newest picture, if it was not returned before."""
        image = self._queue.get_rgb_image()
        return None if image is None else (image.shape, image.dtype.str, image.tobytes())

    def close(self) -> None:
        """Stop rendering."""
        self._queue.close()


class RestrictedService(Exposed, Service):
    """
    Makes render queues.

    :param scenes: the scenes to choose from.
    """

    ALIASES = ('NERFSTUDIO_RENDERER',)
    _protocol = RestrictedConnection

    def __init__(self, scenes: SceneFolder) -> None:
        super().__init__()
        self._scenes = scenes
        self._queues: weakref.WeakSet[ServedQueue] = weakref.WeakSet()

    def names(self) -> Mapping[str, Callable]:
        """Return what a client may call."""
        return {'NerfStudioRenderQueue': self.open_queue}

    def open_queue(
        self,
        model_config_path: str,
        checkpoint_path: str | None = None,
        device: str = 'auto',
        engine: str = 'auto',
        camera_config_path: str | None = None,
    ) -> ServedQueue:
        """Return a queue; parameters as of ``NerfStudioRenderQueue``, paths in the folder."""
        given = (model_config_path, checkpoint_path or '', device, engine,
                 camera_config_path or '')
        for value in given:
            if type(value) is not str:
                raise ConfigurationError(f'{quoted(value)} is no string; give paths as str(path)')
        if len(self._queues) >= MOST_QUEUES:
            raise ConfigurationError(f'{MOST_QUEUES} queues are open here; close one first')
        with self._scenes.unnamed():
            files = self._scenes.scene(model_config_path, checkpoint_path)
            queue = ServedQueue(NerfStudioRenderQueue(
                files.config, files.checkpoint, device, engine,
                self._scenes.path(camera_config_path) if camera_config_path else None,
            ))
        self._queues.add(queue)
        return queue

    def on_disconnect(self, conn: RestrictedConnection) -> None:
        """End what the client has left."""
        super().on_disconnect(conn)
        for queue in tuple(self._queues):
            queue.close()


def _is_exposed(obj: object) -> bool:
    """Tell whether ``obj`` is an exposed object, or a call of one."""
    return isinstance(getattr(obj, '__self__', obj), Exposed)


def _numbers(value: Any, name: str) -> tuple[float, ...]:
    """Return the numbers that a client gives as a tuple, or as a list of its own."""
    if isinstance(value, netref.BaseNetref):
        value = netref.syncreq(value, consts.HANDLE_BUFFITER, 4)
    if type(value) is not tuple or any(type(each) not in (int, float) for each in value):
        raise PoseError(f'{name} is not three numbers; give a tuple or a list')
    return value
