# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Which files make up a scene."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
import re

from nerfstudio_renderer.errors import SceneError

_STEP = re.compile(r'step-(\d+)\.ckpt$')


@dataclass(frozen=True)
class SceneFiles:
    """The files of a scene; all but the transforms exist."""

    config: Path
    """``config.yml`` as ``ns-train`` wrote it."""
    checkpoint: Path
    """One of ``nerfstudio_models/step-*.ckpt``."""
    transforms: Path
    """``dataparser_transforms.json``, which may be missing."""

    @classmethod
    def locate(cls, config: Path, checkpoint: Path | None = None) -> SceneFiles:
        """
        Find a scene's files beside ``config``.

        :param config: path of ``config.yml``, or of the folder that holds it.
        :param checkpoint: instead of the newest step in ``nerfstudio_models/``.
        :raises SceneError: if there is no such file.
        """
        config = config.expanduser()
        if config.is_dir():
            config /= 'config.yml'
        if not config.is_file():
            raise SceneError(f'config {str(config)!r} does not exist; give the path of the '
                             'config.yml that ns-train wrote')
        if checkpoint is None:
            checkpoint = _newest_checkpoint(config.parent / 'nerfstudio_models')
        checkpoint = checkpoint.expanduser()
        if not checkpoint.is_file():
            raise SceneError(f'checkpoint {str(checkpoint)!r} does not exist')
        return cls(config, checkpoint, config.parent / 'dataparser_transforms.json')


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
        raise SceneError(f'no checkpoint step-*.ckpt in {str(folder)!r}; copy the folder '
                         'nerfstudio_models beside config.yml, or name a checkpoint')
    return steps[max(steps)]


def _checkpoints(folder: Path) -> dict[int, Path]:
    """Return the checkpoints in a folder by their step."""
    return {
        int(match[1]): path
        for path in folder.glob('step-*.ckpt')
        if (match := _STEP.search(path.name))
    }
