# SPDX-License-Identifier: Apache-2.0
"""The one folder whose scenes a restricted client may render."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nerfstudio_renderer.errors import RendererError, SceneError
from nerfstudio_renderer.scene.files import SceneFiles
from nerfstudio_renderer.wording import quoted, reason, shortened


class SceneFolder:
    """
    Turns what clients write into paths inside a folder.

    :param folder: exists.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve(strict=True)

    @contextmanager
    def unnamed(self) -> Iterator[None]:
        """Keep the folder's own path, which is nobody's business, out of errors."""
        try:
            yield
        except (RendererError, OSError) as error:
            kind = type(error) if isinstance(error, RendererError) else SceneError
            raise kind(shortened(str(error).replace(f'{self._folder}/', ''))) from None

    def path(self, written: str) -> Path:
        """
        Return the file or folder that a client means, without links or '..'.

        :param written: relative to the folder, or absolute.
        :raises SceneError: if it is outside.
        """
        try:
            path = (self._folder / written).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # a NUL, or links in a circle
            raise SceneError(f'{quoted(written)} is no path: {reason(error)}') from None
        return self._inside(path, written)

    def scene(self, config: str, checkpoint: str | None) -> SceneFiles:
        """
        Return the files of the scene that a client means.

        :param config: as for ``path``.
        :param checkpoint: as for ``path``; None for the newest.
        :raises SceneError: if one of them is outside, or missing.
        """
        files = SceneFiles.locate(
            self.path(config), self.path(checkpoint) if checkpoint else None
        )
        for path in (files.config, files.checkpoint, files.transforms):
            self._inside(path.resolve(), config)
        return files

    def _inside(self, path: Path, written: str) -> Path:
        if not path.is_relative_to(self._folder):
            raise SceneError(f'{quoted(written)} is outside the folder of scenes of this server')
        return path
