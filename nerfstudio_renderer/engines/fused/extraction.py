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
"""Reading off nerfstudio 1.1.5's models what the fused kernels need."""

from __future__ import annotations

from nerfstudio.field_components.encodings import HashEncoding
from nerfstudio.field_components.mlp import MLP
from nerfstudio.field_components.spatial_distortions import SceneContraction
from nerfstudio.fields.density_fields import HashMLPDensityField
from nerfstudio.fields.nerfacto_field import NerfactoField
from nerfstudio.model_components import renderers
from nerfstudio.model_components.ray_samplers import UniformLinDispPiecewiseSampler, UniformSampler
from nerfstudio.model_components.scene_colliders import NearFarCollider
from nerfstudio.models.base_model import Model
from nerfstudio.models.depth_nerfacto import DepthNerfactoModel
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer.engines.fused.parameters import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
    UnsupportedModelError,
)
import torch


def extract_parameters(model: Model) -> NerfactoParameters:
    """
    Return the parameters of a loaded model, on its device; tensors are shared where they can be.

    :raises UnsupportedModelError: if the model is not one that the fused kernels render.
    """
    if type(model) not in (NerfactoModel, DepthNerfactoModel):
        raise UnsupportedModelError(f'it is made for nerfacto, not for {type(model).__name__}')
    field = model.field
    # One part tells of all: nerfstudio implements them alike.
    if not isinstance(field.mlp_base.model, torch.nn.Sequential):
        raise UnsupportedModelError('its parameters are packed by tiny-cuda-nn')
    sampler = model.proposal_sampler
    networks = [_proposal_network(network) for network in model.proposal_networks]
    passes = sampler.num_proposal_network_iterations
    return NerfactoParameters(
        proposals=tuple(
            # With use_same_proposal_network there is one for all passes.
            ProposalPass(networks[min(index, len(networks) - 1)], int(samples))
            for index, samples in enumerate(sampler.num_proposal_samples_per_ray[:passes])
        ),
        field=_field_network(field),
        field_samples=int(sampler.num_nerf_samples_per_ray),
        head=_head(field),
        near=_near(model),
        far=float(model.collider.far_plane),
        piecewise=_is_piecewise(model),
        box=_box(field),
        background=_background(model),
    )


def _proposal_network(field: HashMLPDensityField) -> DensityNetwork:
    layers = (_dense(field.linear),) if field.use_linear else _layers(field.mlp_base[1])
    return DensityNetwork(_grid(field.encoding), layers, float(field.average_init_density))


def _field_network(field: NerfactoField) -> DensityNetwork:
    encoding, network = field.mlp_base.model
    return DensityNetwork(_grid(encoding), _layers(network), float(field.average_init_density))


def _grid(encoding: HashEncoding) -> HashGrid:
    shape = (encoding.num_levels, encoding.hash_table_size, -1)
    # The scalings are copied, not computed: rounding decides whether a level has 511 or 512.
    return HashGrid(_plain(encoding.hash_table).view(shape), _plain(encoding.scalings))


def _layers(network: MLP) -> tuple[Dense, ...]:
    return tuple(_dense(layer) for layer in network.layers)


def _dense(layer: torch.nn.Linear) -> Dense:
    return Dense(_plain(layer.weight), _plain(layer.bias))


def _head(field: NerfactoField) -> tuple[Dense, ...]:
    first, *rest = _layers(field.mlp_head)
    inputs = DIRECTION_COEFFICIENTS + field.geo_feat_dim
    biases = first.biases
    if field.embedding_appearance is not None and field.use_average_appearance_embedding:
        appearance = _plain(field.embedding_appearance.mean(dim=0))
        biases = biases + first.weights[:, inputs:] @ appearance
    return (Dense(first.weights[:, :inputs].contiguous(), biases), *rest)


def _near(model: NerfactoModel) -> float:
    collider = model.collider
    if not isinstance(collider, NearFarCollider):
        raise UnsupportedModelError(f'its rays are cut by a {type(collider).__name__}')
    return 0.0 if collider.reset_near_plane else float(collider.near_plane)


def _is_piecewise(model: NerfactoModel) -> bool:
    sampler = model.proposal_sampler.initial_sampler
    if not isinstance(sampler, UniformLinDispPiecewiseSampler | UniformSampler):
        raise UnsupportedModelError(f'its first samples come from a {type(sampler).__name__}')
    return isinstance(sampler, UniformLinDispPiecewiseSampler)


def _box(field: NerfactoField) -> torch.Tensor | None:
    distortion = field.spatial_distortion
    if distortion is None:
        return _plain(field.aabb)
    if not isinstance(distortion, SceneContraction) or distortion.order != float('inf'):
        raise UnsupportedModelError('its space is not contracted by the maximum norm')
    return None


def _background(model: NerfactoModel) -> tuple[float, float, float] | None:
    colour = renderers.BACKGROUND_COLOR_OVERRIDE
    if colour is None:
        colour = model.renderer_rgb.background_color
    if isinstance(colour, str) and colour == 'last_sample':
        return None
    if isinstance(colour, str) and colour == 'random':
        return 0.0, 0.0, 0.0  # nothing is added in evaluation
    if isinstance(colour, str):
        colour = renderers.RGBRenderer.get_background_color(colour, (3,), torch.device('cpu'))
    red, green, blue = colour.tolist()
    return red, green, blue


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().float().contiguous()
