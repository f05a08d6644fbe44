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
"""A trained scene, ready to be rendered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
import logging
from pathlib import Path

from nerfstudio.models.base_model import Model
from nerfstudio_renderer.device import select_device
from nerfstudio_renderer.scene.checkpoint import read_checkpoint
from nerfstudio_renderer.scene.config import read_model_config
from nerfstudio_renderer.scene.files import bundled_config, SceneFiles
from nerfstudio_renderer.scene.model import build_model
from nerfstudio_renderer.scene.world import WorldTransform
import torch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Scene:
    """A trained nerfstudio model and where it stands in the world."""

    files: SceneFiles
    """What it was loaded from."""
    model: Model
    """In evaluation mode on ``device``."""
    device: torch.device
    """Where the model is."""
    step: int
    """Training iterations."""
    world: WorldTransform | None
    """From the world of the training poses to the scene; None if the scene does not say."""


def load_scene(
    config: Path | str | None = None,
    *,
    checkpoint: Path | str | None = None,
    device: str = 'auto',
    method_packages: Collection[str] = (),
) -> Scene:
    """
    Load what ``ns-train`` left, without its training data, a network, or running its files.

    :param config: path of ``config.yml`` or its folder; None or '' for the bundled scene.
    :param checkpoint: path of a ``step-*.ckpt``; None or '' for the newest beside the config.
    :param device: 'auto' (CUDA where there is one), 'cpu', 'cuda' or 'cuda:N'.
    :param method_packages: packages besides nerfstudio whose classes ``config.yml`` may name.
    :raises SceneError: if the files are missing, damaged, or do not belong together.
    :raises ConfigurationError: if there is no such device.
    """
    files = SceneFiles.locate(
        Path(config) if config else bundled_config(), Path(checkpoint) if checkpoint else None
    )
    target = select_device(device)
    model_config = read_model_config(files.config, method_packages)
    saved = read_checkpoint(files.checkpoint)
    scene = Scene(
        files=files,
        model=build_model(model_config, saved, target, files.checkpoint),
        device=target,
        step=saved.step,
        world=WorldTransform.from_file(files.transforms) if files.transforms.is_file() else None,
    )
    _log.info('loaded %s, step %d, on %s', files.config, scene.step, target)
    return scene
