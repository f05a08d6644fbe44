# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions whose messages name the offending value and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import signal
import threading

from nerfstudio_renderer.wording import reason


class RendererError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigurationError(RendererError, ValueError):
    """A setting (size, levels, device, engine, ...) has a value that cannot be used."""


class PoseError(RendererError, ValueError):
    """A camera pose is not a pose: not finite, of the wrong shape, or without an orientation."""


class SceneError(RendererError):
    """The files of a scene cannot be loaded, or do not belong together."""


class RenderError(RendererError):
    """A picture could not be rendered, or is not a picture."""


class DeviceMemoryError(RenderError, MemoryError):
    """The memory of a device does not suffice for what is rendered at once."""


@contextmanager
def contained(action: str) -> Iterator[None]:
    """
    Raise a SceneError where what is done inside would end the thread or the process.

    A library that loads a scene may call ``sys.exit``. A KeyboardInterrupt passes only where it
    may be a user's: in the main thread, if a signal raises it there.

    :param action: what is done, for the message.
    """
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and _signals_raise_here():
            raise
        raise SceneError(f'{action} asked the process to end: {reason(error)}') from error


def _signals_raise_here() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    return in_main_thread and callable(signal.getsignal(signal.SIGINT))
