# SPDX-License-Identifier: Apache-2.0
"""The files of a scene in SOG: in a folder, or in a zip archive."""

from __future__ import annotations

from contextlib import ExitStack
import io
import zipfile

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.source import Source
from nerfstudio_renderer.wording import reason

META = 'meta.json'
ZIP_MAGIC = b'PK'

_LARGEST_META = 1 << 20


class SogFiles:
    """
    The files beside ``meta.json``, or those of a .sog archive.

    :param source: of ``meta.json`` or the archive; remains the caller's.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._archive: zipfile.ZipFile | None = None
        self._opened = ExitStack()
        if source.start(2) == ZIP_MAGIC:
            try:
                # In memory, so that it cannot change.
                content = io.BytesIO(source.read(0, source.size))
                self._archive = self._opened.enter_context(zipfile.ZipFile(content))
            except Exception as error:  # whatever zipfile raises on damaged archives
                raise SceneError(f'it is damaged: {reason(error)}') from error

    def __enter__(self) -> SogFiles:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._opened.close()

    def meta(self) -> bytes:
        """Return ``meta.json``."""
        if self._archive:
            return self._member(META, _LARGEST_META)
        if self._source.size > _LARGEST_META:
            raise SceneError(f'it has {self._source.size} bytes, too many for {META} of SOG')
        return self._source.start(self._source.size)

    def size(self, names: list[str]) -> int:
        """Return how many bytes the files take together, compressed."""
        if self._archive:
            return self._source.size
        return sum((self._source.path.parent / name).stat().st_size
                   for name in names if self._is_there(name))

    def read(self, name: str) -> bytes:
        """
        Return a file's content.

        :raises SceneError: if there is none.
        """
        if self._archive:
            return self._member(name, self._source.size)  # pictures do not compress any further
        if not self._is_there(name):
            raise SceneError(f'it lacks {name!r}, which {META} names')
        with Source(self._source.path.parent / name) as source:
            return source.start(source.size)

    def _is_there(self, name: str) -> bool:
        return (self._source.path.parent / name).is_file()

    def _member(self, name: str, most: int) -> bytes:
        assert self._archive
        try:
            with self._archive.open(name) as member:
                content = member.read(most + 1)
        except KeyError:
            raise SceneError(f'it lacks {name!r}, so it is no scene in SOG') from None
        except Exception as error:  # whatever zipfile raises on damaged archives
            raise SceneError(f'its {name!r} is damaged: {reason(error)}') from error
        if len(content) > most:
            raise SceneError(f'its {name!r} has more than {most} bytes')
        return content
