# SPDX-License-Identifier: Apache-2.0
"""Reading the parameters of a nerfacto off nerfstudio's own model, to compare ours with."""

from __future__ import annotations

from nerfstudio.field_components.encodings import HashEncoding
from nerfstudio.field_components.mlp import MLP
from nerfstudio.field_components.spatial_distortions import SceneContraction
from nerfstudio.fields.density_fields import HashMLPDensityField
from nerfstudio.fields.nerfacto_field import NerfactoField
from nerfstudio.model_components import renderers
from nerfstudio.model_components.ray_samplers import UniformLinDispPiecewiseSampler, UniformSampler
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer.scene.nerfacto import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
)
import numpy as np
import torch


def parameters_of(model: NerfactoModel) -> NerfactoParameters:
    """Return the parameters of a model that nerfstudio has built and loaded, on a CPU."""
    sampler = model.proposal_sampler
    networks = [_proposal_network(network) for network in model.proposal_networks]
    passes = sampler.num_proposal_network_iterations
    return NerfactoParameters(
        proposals=tuple(
            # With use_same_proposal_network there is one for all passes.
            ProposalPass(networks[min(index, len(networks) - 1)], int(samples))
            for index, samples in enumerate(sampler.num_proposal_samples_per_ray[:passes])
        ),
        field=_field_network(model.field),
        field_samples=int(sampler.num_nerf_samples_per_ray),
        head=_head(model.field),
        near=0.0 if model.collider.reset_near_plane else float(model.collider.near_plane),
        far=float(model.collider.far_plane),
        piecewise=_is_piecewise(model),
        box=_box(model.field),
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
    return HashGrid(_array(encoding.hash_table).reshape(shape), _array(encoding.scalings))


def _layers(network: MLP) -> tuple[Dense, ...]:
    return tuple(_dense(layer) for layer in network.layers)


def _dense(layer: torch.nn.Linear) -> Dense:
    return Dense(_array(layer.weight), _array(layer.bias))


def _head(field: NerfactoField) -> tuple[Dense, ...]:
    first, *rest = _layers(field.mlp_head)
    inputs = DIRECTION_COEFFICIENTS + field.geo_feat_dim
    biases = first.biases
    if field.embedding_appearance is not None and field.use_average_appearance_embedding:
        appearance = _array(field.embedding_appearance.mean(dim=0))
        biases = biases + first.weights[:, inputs:] @ appearance
    return (Dense(first.weights[:, :inputs], biases), *rest)


def _is_piecewise(model: NerfactoModel) -> bool:
    sampler = model.proposal_sampler.initial_sampler
    assert isinstance(sampler, UniformLinDispPiecewiseSampler | UniformSampler)
    return isinstance(sampler, UniformLinDispPiecewiseSampler)


def _box(field: NerfactoField) -> np.ndarray | None:
    if field.spatial_distortion is None:
        return _array(field.aabb)
    assert isinstance(field.spatial_distortion, SceneContraction)
    assert field.spatial_distortion.order == float('inf')
    return None


def _background(model: NerfactoModel) -> tuple[float, float, float] | None:
    colour = model.renderer_rgb.background_color
    if isinstance(colour, str) and colour == 'last_sample':
        return None
    if isinstance(colour, str) and colour == 'random':
        return 0.0, 0.0, 0.0  # nothing is added in evaluation
    if isinstance(colour, str):
        colour = renderers.RGBRenderer.get_background_color(colour, (3,), torch.device('cpu'))
    red, green, blue = colour.tolist()
    return red, green, blue


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().contiguous().numpy()
