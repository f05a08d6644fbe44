# SPDX-License-Identifier: Apache-2.0
"""Which family of methods a scene is of, and the parameters that engines render."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.checkpoint import Checkpoint
from nerfstudio_renderer.scene.config import ModelConfig
from nerfstudio_renderer.scene.gaussians import from_splatfacto, Gaussians, read_gaussians
from nerfstudio_renderer.scene.nerfacto import is_nerfacto
from nerfstudio_renderer.scene.scene import GaussianScene, NerfstudioScene, Scene
from nerfstudio_renderer.wording import quoted

_CONFIG = 'nerfstudio.models.splatfacto.SplatfactoModelConfig'
_MODEL = 'nerfstudio.models.splatfacto.SplatfactoModel'
# nerfstudio's names of colours. In evaluation 'random' is a fixed grey blue.
_BACKGROUNDS = {
    'random': (0.1490, 0.1647, 0.2157),
    'black': (0.0, 0.0, 0.0),
    'white': (1.0, 1.0, 1.0),
}
_RASTERISE_MODES = {'classic': False, 'antialiased': True}


def renders_as_nerfacto(scene: Scene) -> TypeGuard[NerfstudioScene]:
    """Tell whether a scene is of the nerfacto family."""
    return isinstance(scene, NerfstudioScene) and is_nerfacto(scene.config)


def has_gaussians(scene: Scene) -> bool:
    """Tell whether a scene is made of Gaussians."""
    if isinstance(scene, NerfstudioScene):
        return scene.config.class_name == _CONFIG and scene.config.target == _MODEL
    return isinstance(scene, GaussianScene)


def gaussians_of(scene: Scene) -> Gaussians:
    """
    Read the Gaussians of a scene that ``has_gaussians``.

    :raises SceneError: if its file is damaged, or not what its name or configuration says.
    """
    if isinstance(scene, NerfstudioScene):
        return _of_splatfacto(scene.config, scene.checkpoint)
    return read_gaussians(scene.files.config).gaussians


def up_of(scene: Scene) -> tuple[float, float, float]:
    """Return which way is up, as far as one can know: z in nerfstudio, -y elsewhere."""
    return (0.0, 0.0, 1.0) if isinstance(scene, NerfstudioScene) else (0.0, -1.0, 0.0)


def _of_splatfacto(config: ModelConfig, checkpoint: Checkpoint) -> Gaussians:
    degree = config.count('sh_degree', 3, least=0, most=3)
    antialiased = config.choice('rasterize_mode', 'classic', _RASTERISE_MODES)
    arrays = {
        name: tensor.read()
        for name, tensor in checkpoint.state.items()
        if name.startswith('gauss_params.') or '.' not in name
    }
    try:
        read = from_splatfacto(arrays, degree, antialiased)
    except SceneError as error:
        raise SceneError(f'checkpoint {quoted(str(checkpoint.path))}: {error}') from error
    background = config.choice('background_color', 'random', _BACKGROUNDS)
    return replace(read.gaussians, background=background)
