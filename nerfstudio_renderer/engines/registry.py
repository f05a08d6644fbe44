# SPDX-License-Identifier: Apache-2.0
"""
The engines, and which of them renders a scene.

An engine is imported when a scene needs it: PyTorch and nerfstudio take seconds to import, and a
machine need not have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import logging

from nerfstudio_renderer.device import Device, select_device
from nerfstudio_renderer.engines.protocol import Engine, UnsupportedSceneError
from nerfstudio_renderer.errors import ConfigurationError, contained
from nerfstudio_renderer.optional_packages import is_installed
from nerfstudio_renderer.scene import NerfstudioScene, Scene
from nerfstudio_renderer.scene.families import has_gaussians, renders_as_nerfacto

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Entry:
    """One engine."""

    name: str
    """As in the parameter ``engine``."""
    summary: str
    """What it renders, for people."""
    is_for: Callable[[Scene], bool]
    """Tell whether a scene is of the methods that it renders."""
    make: Callable[[Scene, Device], Engine]
    """Make it; raises UnsupportedSceneError if it does not render the scene on the device."""


def _fused(scene: Scene, device: Device) -> Engine:
    assert renders_as_nerfacto(scene)
    if scene.checkpoint.is_packed:
        raise UnsupportedSceneError('its parameters are packed by tiny-cuda-nn')
    if device.type == 'cpu':
        from nerfstudio_renderer.engines.nerfacto.cpu.engine import NerfactoCpuEngine

        return NerfactoCpuEngine(scene)
    from nerfstudio_renderer.engines.nerfacto.cuda.engine import NerfactoCudaEngine

    return NerfactoCudaEngine(scene, device)


def _gaussians(scene: Scene, device: Device) -> Engine:
    if device.type != 'cpu':
        raise UnsupportedSceneError(f'it renders on the CPU alone, and the device is {device}')
    from nerfstudio_renderer.engines.gaussians.cpu.engine import GaussiansCpuEngine

    return GaussiansCpuEngine(scene)


def _nerfstudio(scene: Scene, device: Device) -> Engine:
    assert isinstance(scene, NerfstudioScene)
    missing = [name for name in ('torch', 'nerfstudio') if not is_installed(name)]
    if missing:
        raise UnsupportedSceneError(f'{" and ".join(missing)} cannot be imported here: pip '
                                    'install nerfstudio==1.1.5')
    from nerfstudio_renderer.engines.nerfstudio.engine import nerfstudio_engine

    return nerfstudio_engine(scene, device)


def _is_nerfstudio(scene: Scene) -> bool:
    return isinstance(scene, NerfstudioScene)


_ENGINES = (  # the fastest first
    _Entry('fused', 'the nerfacto family, with kernels of its own', renders_as_nerfacto, _fused),
    _Entry(
        'gaussians', 'Gaussians on a CPU, with a rasteriser of its own', has_gaussians, _gaussians
    ),
    _Entry(
        'nerfstudio', "any method of nerfstudio, with nerfstudio's own code",
        _is_nerfstudio, _nerfstudio,
    ),
)
AUTO = 'auto'
"""The name that stands for the fastest engine that renders a scene on a device."""
ENGINE_NAMES = (AUTO, *(entry.name for entry in _ENGINES))
"""Values of the parameter ``engine``."""
ENGINE_SUMMARIES = {entry.name: entry.summary for entry in _ENGINES}
"""What the engines render, for people, by their names."""


def select_engine(scene: Scene, name: str = AUTO, device: str = 'auto') -> Engine:
    """Return the engine of ``choose_engine`` alone."""
    return choose_engine(scene, name, device)[0]


def choose_engine(scene: Scene, name: str = AUTO, device: str = 'auto') -> tuple[Engine, str]:
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
    refusals: list[str] = []
    for entry in _ENGINES:
        if not (entry.name == name or name == AUTO and entry.is_for(scene)):
            continue
        if not entry.is_for(scene):
            refusals.append(f'{entry.name}: the scene is of {scene.method}, and it renders '
                            f'{entry.summary}')
            continue
        try:
            return entry.make(scene, device), _why(name, refusals)
        except UnsupportedSceneError as error:
            refusals.append(f'{entry.name}: {error}')
    if name == AUTO:
        raise ConfigurationError(f'no engine renders this scene on {device}: '
                                 f'{"; ".join(refusals)}')
    raise ConfigurationError(f'engine {name!r} cannot render this scene: '
                             f'{refusals[0].partition(": ")[2]}; use auto')


def _why(name: str, refusals: list[str]) -> str:
    if name != AUTO:
        return 'as asked'
    return '; '.join(['the fastest for this scene and device', *refusals])
