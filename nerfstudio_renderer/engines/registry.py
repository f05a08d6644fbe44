# SPDX-License-Identifier: Apache-2.0
"""
Which engine renders a scene, and why.

An engine is imported when a scene needs it: PyTorch and nerfstudio take seconds to import, and a
machine need not have them.
"""

from __future__ import annotations

import importlib.util
import logging

from nerfstudio_renderer.device import CPU, Device, select_device
from nerfstudio_renderer.engines.protocol import Engine, UnsupportedSceneError
from nerfstudio_renderer.errors import ConfigurationError, contained
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.nerfacto import is_nerfacto

_log = logging.getLogger(__name__)

ENGINE_NAMES = ('auto', 'nerfstudio', 'fused')
"""Values of the parameter ``engine``."""


def select_engine(scene: Scene, name: str = 'auto', device: str = 'auto') -> Engine:
    """Return the engine of ``choose_engine`` alone."""
    return choose_engine(scene, name, device)[0]


def choose_engine(
    scene: Scene, name: str = 'auto', device: str = 'auto'
) -> tuple[Engine, str]:
    """
    Return the engine called ``name`` for ``scene``, and why it is the one.

    :param name: one of ENGINE_NAMES; 'auto' takes the fastest that supports the scene.
    :param device: 'auto' (CUDA where there is one), 'cpu', 'cuda' or 'cuda:N'.
    :raises ConfigurationError: if there is no such engine or device, or the engine does not
        support the scene there.
    :raises SceneError: if the scene's files do not belong together.
    """
    if name not in ENGINE_NAMES:
        raise ConfigurationError(f'engine {name!r} is not one of {", ".join(ENGINE_NAMES)}')
    with contained('choosing an engine'):
        engine, why = _choose(scene, name, select_device(device))
    _log.info('engine %s on %s: %s', engine.name, engine.device, why)
    return engine, why


def _choose(scene: Scene, name: str, device: Device) -> tuple[Engine, str]:
    if name == 'nerfstudio':
        return _nerfstudio(scene, device), 'as asked'
    try:
        return _fused(scene, device), 'the fastest for this scene and device'
    except UnsupportedSceneError as error:
        if name == 'fused':
            raise ConfigurationError(
                f"engine 'fused' cannot render this scene: {error}; use 'auto' or 'nerfstudio'"
            ) from error
        why = f'the fused one cannot render this scene: {error}'
    return _nerfstudio(scene, device), why


def _fused(scene: Scene, device: Device) -> Engine:
    if not is_nerfacto(scene.config):
        method = scene.config.target.rpartition('.')[2]
        raise UnsupportedSceneError(f'it is made for nerfacto, not for {method}')
    if scene.checkpoint.is_packed:
        raise UnsupportedSceneError('its parameters are packed by tiny-cuda-nn')
    if device == CPU:
        from nerfstudio_renderer.engines.nerfacto.cpu.engine import NerfactoCpuEngine

        return NerfactoCpuEngine(scene)
    from nerfstudio_renderer.engines.nerfacto.cuda.engine import NerfactoCudaEngine

    return NerfactoCudaEngine(scene, device)


def _nerfstudio(scene: Scene, device: Device) -> Engine:
    missing = [name for name in ('torch', 'nerfstudio') if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f'the method of this scene, {scene.config.target.rpartition(".")[2]}, is rendered by '
            f"the engine 'nerfstudio', and {' and '.join(missing)} cannot be imported here: "
            'pip install nerfstudio==1.1.5'
        )
    from nerfstudio_renderer.engines.nerfstudio.engine import NerfstudioEngine

    return NerfstudioEngine(scene, device)
