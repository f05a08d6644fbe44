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
"""Which engine renders a scene, and why."""

from __future__ import annotations

import logging

from nerfstudio_renderer.engines.fused.engine import FusedEngine
from nerfstudio_renderer.engines.fused.parameters import UnsupportedModelError
from nerfstudio_renderer.engines.nerfstudio import NerfstudioEngine
from nerfstudio_renderer.engines.protocol import Engine
from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.scene import Scene

_log = logging.getLogger(__name__)

ENGINE_NAMES = ('auto', 'nerfstudio', 'fused')
"""Values of the parameter ``engine``."""


def select_engine(scene: Scene, name: str = 'auto') -> Engine:
    """Return the engine of ``choose_engine`` alone."""
    return choose_engine(scene, name)[0]


def choose_engine(scene: Scene, name: str = 'auto') -> tuple[Engine, str]:
    """
    Return the engine called ``name`` for ``scene``, and why it is the one.

    :param name: one of ENGINE_NAMES; 'auto' takes the fastest that supports the scene.
    :raises ConfigurationError: if there is no such engine, or it does not support the scene.
    """
    if name not in ENGINE_NAMES:
        raise ConfigurationError(f'engine {name!r} is not one of {", ".join(ENGINE_NAMES)}')
    engine, why = _choose(scene, name)
    _log.info('engine %s on %s: %s', engine.name, engine.device, why)
    return engine, why


def _choose(scene: Scene, name: str) -> tuple[Engine, str]:
    if name == 'nerfstudio':
        return NerfstudioEngine(scene), 'as asked'
    try:
        return FusedEngine(scene), 'the fastest for this scene and device'
    except UnsupportedModelError as error:
        if name == 'fused':
            raise ConfigurationError(
                f"engine 'fused' cannot render this scene: {error}; use 'auto' or 'nerfstudio'"
            ) from error
        return NerfstudioEngine(scene), f'the fused one cannot render this scene: {error}'
