# SPDX-License-Identifier: Apache-2.0
"""
The engines, and which of them renders a scene.

An engine is imported when a scene needs it: PyTorch and nerfstudio take seconds to import, and a
machine need not have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import logging

from nerfstudio_renderer.device import candidate_devices, Device
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


def select_engine(scene: Scene, name: str = AUTO, device: str = 'auto') -> Engine:
    """Return the engine of ``choose_engine`` alone."""
    return choose_engine(scene, name, device)[0]


def choose_engine(scene: Scene, name: str = AUTO, device: str = 'auto') -> tuple[Engine, str]:
    """
    Return the engine called ``name`` for ``scene``, and why it is the one.

    :param name: one of ENGINE_NAMES; 'auto' takes the fastest that supports the scene.
    :param device: 'cpu', 'cuda', 'cuda:N', or 'auto': CUDA where there is one that an engine
        for the scene renders on.
    :raises ConfigurationError: if there is no such engine or device, or the engine does not
        support the scene there.
    :raises SceneError: if the scene's files do not belong together.
    """
    if name not in ENGINE_NAMES:
        raise ConfigurationError(f'engine {name!r} is not one of {", ".join(ENGINE_NAMES)}')
    with contained('choosing an engine'):
        engine, why = _choose(scene, name, candidate_devices(device))
    _log.info('engine %s on %s: %s', engine.name, engine.device, why)
    return engine, why


def _choose(scene: Scene, name: str, devices: Sequence[Device]) -> tuple[Engine, str]:
    entries = [entry for entry in _ENGINES if entry.is_for(scene)] if name == AUTO else [
        _named(name, scene)
    ]
    refusals: list[str] = []
    for device in devices:
        for entry in entries:
            try:
                engine = entry.make(scene, device)
            except UnsupportedSceneError as error:
                refusals.append(str(error) if name != AUTO else f'{entry.name}: {error}')
                continue
            why = 'the fastest for this scene and device'
            return engine, 'as asked' if name != AUTO else '; '.join([why, *refusals])
    if name != AUTO:
        raise _refusal(name, '; '.join(refusals))
    raise ConfigurationError(f'no engine renders this scene on {devices[-1]}: '
                             f'{"; ".join(refusals)}')


def _named(name: str, scene: Scene) -> _Entry:
    entry = next(entry for entry in _ENGINES if entry.name == name)
    if not entry.is_for(scene):
        raise _refusal(name, f'the scene is of {scene.method}, and it renders {entry.summary}')
    return entry


def _refusal(name: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f'engine {name!r} cannot render this scene: {reason}; use auto')
