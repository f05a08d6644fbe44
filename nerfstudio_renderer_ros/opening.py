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
"""From the node's parameters to a renderer of a loaded scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import nerfstudio_renderer as core
from nerfstudio_renderer_ros.parameters import Value


@dataclass(frozen=True)
class OpenedScene:
    """What the node needs of a scene."""

    renderer: core.ProgressiveRenderer
    """Renders it."""
    world: core.WorldTransform | None
    """Where it stands in the world; None if it does not say."""


SceneOpener = Callable[[Mapping[str, Value]], OpenedScene]


def open_scene(values: Mapping[str, Value]) -> OpenedScene:
    """
    Load the scene that the parameters name and choose its engine.

    :raises RendererError: if a file, the device or the engine cannot be used.
    """
    # The core imports PyTorch and nerfstudio when these names are first used: here, not before.
    scene = core.load_scene(
        values['config'], checkpoint=values['checkpoint'], device=values['device']
    )
    engine = core.select_engine(scene, values['engine'])
    quality = core.Quality(core.StrideLadder(tuple(values['levels'])))
    return OpenedScene(core.ProgressiveRenderer(engine, quality), scene.world)
