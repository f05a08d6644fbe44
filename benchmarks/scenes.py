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
"""The scenes that are measured: the bundled one, the user's, and random ones made in memory."""

from __future__ import annotations

from collections.abc import Callable
import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import views
from nerfstudio.configs.method_configs import method_configs
from nerfstudio.data.scene_box import SceneBox
from nerfstudio.models.base_model import Model
from nerfstudio_renderer import Camera, Intrinsics, load_scene, Scene
from nerfstudio_renderer.scene import SceneFiles
from nerfstudio_renderer.scene.model import without_perceptual_metric
import torch

_IN_MEMORY = SceneFiles(*[Path('in memory')] * 3)
_UNIT_BOX = torch.tensor([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]])
# As the bundled scene's.
_SMALL_PROPOSALS = [
    {'hidden_dim': 16, 'log2_hashmap_size': 14, 'num_levels': 4, 'max_res': 128},
    {'hidden_dim': 16, 'log2_hashmap_size': 14, 'num_levels': 4, 'max_res': 256},
]
_SMALL = {
    'num_levels': 6,
    'log2_hashmap_size': 17,
    'max_res': 1024,
    'num_proposal_samples_per_ray': (48, 24),
    'num_nerf_samples_per_ray': 16,
    'proposal_net_args_list': _SMALL_PROPOSALS,
}


@dataclass(frozen=True, eq=False)
class Subject:
    """A scene and where to look at it from."""

    name: str
    scene: Scene
    cameras: Callable[[Intrinsics], list[Camera]]
    """Returns cameras with the given intrinsics, the same each time."""


def bundled(device: str = 'cpu') -> Subject:
    """Return the bundled scene, seen from its held-out poses."""
    scene = load_scene(device=device)
    return Subject('robot_cell', scene, lambda pinhole: views.held_out(scene, pinhole))


def of_user(config: Path) -> Subject:
    """Return the scene of a ``config.yml``, seen from around its origin."""
    scene = load_scene(config, device='cpu')
    return Subject(str(scene.files.config.parent), scene, views.around_origin)


def default_nerfacto(device: str = 'cpu') -> Subject:
    """Return a random nerfacto as nerfstudio configures it by default, its torch variant."""
    return Subject('nerfacto default', _random(device), views.around_origin)


def small_nerfacto(**changes: Any) -> Scene:
    """
    Return a random nerfacto of the bundled scene's size.

    :param changes: fields of the model's configuration.
    """
    return _random(**{**_SMALL, **changes})


def _random(device_name: str = 'cpu', **fields: Any) -> Scene:
    config = copy.deepcopy(method_configs['nerfacto'].pipeline.model)
    for name, value in {'implementation': 'torch', **fields}.items():
        setattr(config, name, value)
    device = torch.device(device_name)
    torch.manual_seed(0)
    with without_perceptual_metric():
        model = config.setup(
            scene_box=SceneBox(aabb=_UNIT_BOX), num_train_data=1, metadata={}, device=device,
            grad_scaler=None, seed_points=None,
        )
    _make_visible(model)
    model.to(device)
    return Scene(_IN_MEMORY, model.eval().requires_grad_(False), device, step=0, world=None)


@torch.no_grad()
def _make_visible(model: Model) -> None:
    """Replace what training begins with, a uniform fog: tables of 1e-4 and small weights."""
    for name, parameter in model.named_parameters():
        if 'encoding' in name or 'hash_table' in name:
            parameter.uniform_(-1.0, 1.0)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.kaiming_uniform_(module.weight, nonlinearity='relu')
