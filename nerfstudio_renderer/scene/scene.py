# SPDX-License-Identifier: Apache-2.0
"""A trained scene, read and ready for an engine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
import logging
from pathlib import Path

from nerfstudio_renderer.scene.checkpoint import Checkpoint, read_checkpoint
from nerfstudio_renderer.scene.config import ModelConfig, read_model_config
from nerfstudio_renderer.scene.files import SceneFiles
from nerfstudio_renderer.scene.world import WorldTransform

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scene:
    """What was read of a scene; nothing of it is on a device yet."""

    files: SceneFiles
    """What it was read from."""
    world: WorldTransform | None
    """From the world of the training poses to the scene; None if the scene does not say."""

    @property
    def title(self) -> str:
        """Return what was loaded, for people."""
        return str(self.files.config)

    @property
    def method(self) -> str:
        """Return what made the scene, for people."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class GaussianScene(Scene):
    """A file of Gaussians, which an engine reads: it may be large, and is held once."""

    @property
    def method(self) -> str:
        """Return the form of the file."""
        suffix = self.files.config.suffix.lower().lstrip('.')
        return 'sog' if suffix in ('', 'json') else suffix


@dataclass(frozen=True, eq=False)
class NerfstudioScene(Scene):
    """What ``ns-train`` left; engines turn configuration and checkpoint into what they render."""

    config: ModelConfig
    """The model's configuration."""
    checkpoint: Checkpoint
    """The model's tensors, read when an engine asks for them."""
    method_packages: tuple[str, ...] = ()
    """Packages besides nerfstudio whose methods the engine ``nerfstudio`` may import."""

    @property
    def step(self) -> int:
        """Return the training iterations."""
        return self.checkpoint.step

    @property
    def title(self) -> str:
        """Return what was loaded, for people."""
        return f'{self.files.config}, step {self.step}'

    @property
    def method(self) -> str:
        """Return the name of the model's class."""
        return self.config.target.rpartition('.')[2]


def load_scene(
    config: Path | str | None = None,
    *,
    checkpoint: Path | str | None = None,
    method_packages: Collection[str] = (),
) -> Scene:
    """
    Load what ``ns-train`` left, without its training data, a network, or running its files.

    :param config: path of ``config.yml`` or its folder, or of a file of Gaussians (.ply, .splat,
        .spz, SOG); None or '' for the bundled scene.
    :param checkpoint: path of a ``step-*.ckpt``; None or '' for the newest beside the config.
    :param method_packages: packages besides nerfstudio whose methods the engine ``nerfstudio`` may
        import, if ``config.yml`` names one.
    :raises SceneError: if the files are missing, damaged, or no scene.
    """
    files = SceneFiles.locate(config, checkpoint)
    world = WorldTransform.from_file(files.transforms) if files.transforms.is_file() else None
    scene: Scene
    if files.checkpoint is None:
        scene = GaussianScene(files, world)
    else:
        scene = NerfstudioScene(
            files=files,
            world=world,
            config=read_model_config(files.config),
            checkpoint=read_checkpoint(files.checkpoint),
            method_packages=tuple(method_packages),
        )
    _log.info('read %s', scene.title)
    return scene
