# SPDX-License-Identifier: Apache-2.0
"""A random nerfacto on disk, as ``ns-train`` leaves trained ones."""

from __future__ import annotations

import copy
from pathlib import Path

from nerfstudio.configs.method_configs import method_configs
from nerfstudio.data.scene_box import SceneBox
from nerfstudio.models.base_model import Model
from nerfstudio_renderer.engines.nerfstudio.model import without_perceptual_metric
import torch
import yaml

_UNIT_BOX = [[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]


def write_default_nerfacto(folder: Path) -> Path:
    """Write a nerfacto of nerfstudio's default size, its torch variant; return its config.yml."""
    config = copy.deepcopy(method_configs['nerfacto'])
    config.pipeline.model.implementation = 'torch'
    torch.manual_seed(0)
    with without_perceptual_metric():
        model = config.pipeline.model.setup(
            scene_box=SceneBox(aabb=torch.tensor(_UNIT_BOX)), num_train_data=1
        )
    _make_visible(model)
    checkpoints = folder / 'nerfstudio_models'
    checkpoints.mkdir()
    state = {f'_model.{name}': tensor for name, tensor in model.state_dict().items()}
    torch.save({'step': 0, 'pipeline': state}, checkpoints / 'step-000000000.ckpt')
    path = folder / 'config.yml'
    path.write_text(yaml.dump(config))
    return path


@torch.no_grad()
def _make_visible(model: Model) -> None:
    """Replace what training begins with, a uniform fog: tables of 1e-4 and small weights."""
    for name, parameter in model.named_parameters():
        if 'encoding' in name or 'hash_table' in name:
            parameter.uniform_(-1.0, 1.0)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_uniform_(module.weight, nonlinearity='relu')
