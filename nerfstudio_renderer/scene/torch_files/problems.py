# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a file, and the one line about it that a user sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.wording import quoted, reason


class DamagedFileError(SceneError):
    """A file was cut off or altered after it had been written: another copy of it may do."""


class Refused(Exception):
    """The file is another kind of file, or holds what is not read; says so of 'it'."""


class Damaged(Exception):
    """The file contradicts itself or ends too early; says where."""


@contextmanager
def problems_of(path: Path) -> Iterator[None]:
    """
    Turn whatever goes wrong while ``path`` is read into one line that names it.

    :raises DamagedFileError: if the file was cut off or altered.
    :raises SceneError: if it cannot be opened, or is not what is read here.
    """
    name = f'checkpoint {quoted(str(path))}'
    try:
        yield
    except SceneError:
        raise
    except Refused as error:
        raise SceneError(f'{name} cannot be read: {reason(error)}') from error
    except Damaged as error:
        raise DamagedFileError(f'{name} cannot be read, it is damaged: {reason(error)}') from error
    except OSError as error:
        raise SceneError(f'{name} cannot be read: {error.strerror or reason(error)}') from error
    except MemoryError as error:
        raise SceneError(f'{name} cannot be read: it takes more memory than is free') from error
    except Exception as error:  # altered bytes lead anywhere: IndexError, struct.error, ...
        raise DamagedFileError(
            f'{name} cannot be read, it is damaged: {type(error).__name__}, {reason(error)}'
        ) from error
