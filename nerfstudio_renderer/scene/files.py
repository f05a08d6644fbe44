# SPDX-License-Identifier: Apache-2.0
"""Which files make up a scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
import re

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians import is_gaussian_file
from nerfstudio_renderer.scene.world import transforms_beside
from nerfstudio_renderer.wording import quoted, reason

_STEP = re.compile(r'step-(\d+)\.ckpt$')


@dataclass(frozen=True)
class SceneFiles:
    """The files of a scene; all but the transforms exist."""

    config: Path
    """``config.yml`` as ``ns-train`` wrote it, or a file of Gaussians."""
    checkpoint: Path | None
    """One of ``nerfstudio_models/step-*.ckpt``; None beside a file of Gaussians."""
    transforms: Path
    """``dataparser_transforms.json``, which may be missing."""

    @classmethod
    def locate(
        cls, config: Path | str | None = None, checkpoint: Path | str | None = None
    ) -> SceneFiles:
        """
        Find a scene's files beside ``config``.

        :param config: path of ``config.yml``, of the folder that holds it, of one of its
            checkpoints, or of a file of Gaussians; None or '' for the bundled scene.
        :param checkpoint: None or '' for the newest step in ``nerfstudio_models/``.
        :raises SceneError: if there is no such file.
        """
        path = Path(config) if config else bundled_config()
        chosen = Path(checkpoint) if checkpoint else None
        with _looking_up(path):
            path = path.expanduser()
            if is_gaussian_file(path):
                return cls._of_gaussians(path, chosen)
            return cls._of_training(path, chosen)

    @classmethod
    def _of_gaussians(cls, path: Path, checkpoint: Path | None) -> SceneFiles:
        if checkpoint is not None:
            raise SceneError(f'{quoted(str(path))} is a file of Gaussians, which has no '
                             'checkpoints; leave the checkpoint out')
        if not path.exists():
            raise SceneError(f'{quoted(str(path))} does not exist; give the path of a file of '
                             'Gaussians, or of a config.yml that ns-train wrote')
        return cls(path, None, transforms_beside(path))

    @classmethod
    def _of_training(cls, config: Path, checkpoint: Path | None) -> SceneFiles:
        if _STEP.search(config.name) and checkpoint is None:
            config, checkpoint = config.parent.parent, config
        if config.is_dir():
            config /= 'config.yml'
        if not config.is_file():
            raise SceneError(f'config {quoted(str(config))} does not exist; give the path of the '
                             'config.yml that ns-train wrote, or of a file of Gaussians')
        if checkpoint is None:
            checkpoint = _newest_checkpoint(config.parent / 'nerfstudio_models')
        with _looking_up(checkpoint):
            checkpoint = checkpoint.expanduser()
            if not checkpoint.is_file():
                raise SceneError(f'checkpoint {quoted(str(checkpoint))} does not exist')
        return cls(config, checkpoint, transforms_beside(config))


@contextmanager
def _looking_up(path: Path) -> Iterator[None]:
    """Turn what looking for a file may raise into one line that names it."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user, a zero byte
        why = getattr(error, 'strerror', None) or reason(error)
        raise SceneError(f'{quoted(str(path))} cannot be looked up: {why}') from error


def bundled_config() -> Path:
    """Return the path of the bundled scene's ``config.yml``."""
    scenes = resources.files('nerfstudio_renderer') / 'bundled_scenes'
    return Path(str(scenes / 'robot_cell/config.yml'))


def earlier_checkpoint(path: Path) -> Path | None:
    """Return the newest checkpoint beside ``path`` of an earlier step, None if there is none."""
    match = _STEP.search(path.name)
    steps = _checkpoints(path.parent)
    earlier = [step for step in steps if match and step < int(match[1])]
    return steps[max(earlier)] if earlier else None


def _newest_checkpoint(folder: Path) -> Path:
    steps = _checkpoints(folder)
    if not steps:
        raise SceneError(f'no checkpoint step-*.ckpt in {quoted(str(folder))}; copy the folder '
                         'nerfstudio_models beside config.yml, or name a checkpoint')
    return steps[max(steps)]


def _checkpoints(folder: Path) -> dict[int, Path]:
    """Return the checkpoints in a folder by their step."""
    return {
        int(match[1]): path
        for path in folder.glob('step-*.ckpt')
        if (match := _STEP.search(path.name))
    }
