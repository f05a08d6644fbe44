# SPDX-License-Identifier: Apache-2.0
"""Tiny untrained scenes, written to disk just as ``ns-train`` writes trained ones."""

from __future__ import annotations

from collections.abc import Callable
import copy
import json
from pathlib import Path
import re
from typing import Any

from nerfstudio.configs.method_configs import method_configs
from nerfstudio.data.scene_box import SceneBox
from nerfstudio.engine.trainer import TrainerConfig
from nerfstudio_renderer.engines.nerfstudio.model import without_perceptual_metric
import torch
import yaml

STEP = 12
TRANSFORM = [[0.0, 1.0, 0.0, 0.5], [-1.0, 0.0, 0.0, -0.25], [0.0, 0.0, 1.0, 0.0]]
SCALE = 0.5
_SMALL = {
    'num_levels': 4,
    'log2_hashmap_size': 10,
    'max_res': 64,
    'hidden_dim': 16,
    'hidden_dim_color': 16,
    'num_proposal_samples_per_ray': (16, 12),
    'num_nerf_samples_per_ray': 8,
    'implementation': 'torch',
    'proposal_net_args_list': [
        {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32,
         'use_linear': False},
        {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 64,
         'use_linear': False},
    ],
}
_SMALL_BY_METHOD = {
    'instant-ngp': {'log2_hashmap_size': 10, 'grid_resolution': 8},
    'mipnerf': {'num_coarse_samples': 8, 'num_importance_samples': 8},
    'splatfacto': {'num_random': 20},
    'vanilla-nerf': {'num_coarse_samples': 8, 'num_importance_samples': 8},
}


def write_scene(
    folder: Path, *, method: str = 'nerfacto', images: int = 3, world: bool = True, **model: Any
) -> Path:
    """
    Write a random scene of a small ``method`` into ``folder``; return its config.yml.

    :param images: how many training images the model has parameters for.
    :param world: whether to write dataparser_transforms.json.
    :param model: fields of the model's configuration to change.
    """
    config: TrainerConfig = copy.deepcopy(method_configs[method])
    for name, value in {**_SMALL_BY_METHOD.get(method, _SMALL), **model}.items():
        if not hasattr(config.pipeline.model, name):
            raise AttributeError(f'{method} has no {name}')
        setattr(config.pipeline.model, name, value)
    (folder / 'nerfstudio_models').mkdir(parents=True)
    path = folder / 'config.yml'
    path.write_text(yaml.dump(config))
    write_checkpoint(folder, random_state(config, images))
    if world:
        transforms = {'transform': TRANSFORM, 'scale': SCALE}
        (folder / 'dataparser_transforms.json').write_text(json.dumps(transforms))
    return path


def random_state(config: TrainerConfig, images: int) -> dict[str, torch.Tensor]:
    """Return the state of the model that ``config`` describes, with visible contents."""
    torch.manual_seed(0)
    with without_perceptual_metric():
        model = config.pipeline.model.setup(
            scene_box=SceneBox(aabb=torch.tensor([[-1.0] * 3, [1.0] * 3])), num_train_data=images
        )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if 'encoding' in name or 'hash_table' in name:
                parameter.uniform_(-1.0, 1.0)  # fresh hash tables are 1e-4: a uniform fog
    return model.state_dict()


def write_checkpoint(folder: Path, state: dict[str, torch.Tensor], step: int = STEP) -> Path:
    """Write ``state`` as ns-train's checkpoint of ``step``, data manager and all; return it."""
    path = folder / 'nerfstudio_models' / f'step-{step:09d}.ckpt'
    pipeline = {f'_model.{name}': tensor for name, tensor in state.items()}
    pipeline['datamanager.train_camera_optimizer.unused'] = torch.zeros(1)
    torch.save({'step': step, 'pipeline': pipeline, 'optimizers': {}, 'scalers': {}}, path)
    return path


def checkpoint_of(config: Path) -> Path:
    """Return the checkpoint of a scene that has one."""
    return next(config.parent.glob('nerfstudio_models/*.ckpt'))


def edit_state(config: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the state in a scene's checkpoint, whose names begin with ``_model.``."""
    path = checkpoint_of(config)
    content = torch.load(path, weights_only=True)
    edit(content['pipeline'])
    torch.save(content, path)


def strengthen(state: dict[str, torch.Tensor]) -> None:
    """Give a nerfacto things to see: part empty, part dense, in strong colours."""
    for prefix in (r'proposal_networks\.\d+\.linear',
                   r'proposal_networks\.\d+\.mlp_base\.1\.layers',
                   r'field\.mlp_base\.model\.1\.layers'):
        for layer in _last_layers(state, prefix):
            state[f'{layer}.weight'] *= 6.0
            state[f'{layer}.bias'][0] += 5.0
    (last,) = _last_layers(state, r'field\.mlp_head\.layers')
    for layer in ('_model.field.mlp_head.layers.0', last):
        state[f'{layer}.weight'] *= 8.0


def _last_layers(state: dict[str, torch.Tensor], prefix: str) -> list[str]:
    """Return the name of the last layer of each network whose name is like ``prefix``."""
    found: dict[str, str] = {}
    for name in sorted(state):  # there are no ten layers
        if match := re.fullmatch(rf'(_model\.{prefix})(\.\d+)?\.weight', name):
            found[match[1]] = match[1] + (match[2] or '')
    return list(found.values())
