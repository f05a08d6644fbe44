# SPDX-License-Identifier: Apache-2.0
"""The parameters of a nerfacto, from its configuration and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nerfstudio_renderer.scene.checkpoint import Checkpoint
from nerfstudio_renderer.scene.config import ModelConfig
from nerfstudio_renderer.scene.nerfacto.grids import level_scalings
from nerfstudio_renderer.scene.nerfacto.parameters import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
)
from nerfstudio_renderer.scene.nerfacto.tensors import Tensors
import numpy as np

# The configurations and the models that are nerfacto's, with what only training needs beside it.
_CONFIGS = frozenset({
    'nerfstudio.models.nerfacto.NerfactoModelConfig',
    'nerfstudio.models.depth_nerfacto.DepthNerfactoModelConfig',
})
_MODELS = frozenset({
    'nerfstudio.models.nerfacto.NerfactoModel',
    'nerfstudio.models.depth_nerfacto.DepthNerfactoModel',
})
# nerfstudio's names of colours.
_COLOURS = {
    'random': (0.0, 0.0, 0.0),  # nothing is added where a picture is evaluated
    'black': (0.0, 0.0, 0.0),
    'white': (1.0, 1.0, 1.0),
    'red': (1.0, 0.0, 0.0),
    'green': (0.0, 1.0, 0.0),
    'blue': (0.0, 0.0, 1.0),
}
_LAST_SAMPLE = 'last_sample'
_SAMPLERS = {'piecewise': True, 'uniform': False}
_LOG2_LARGEST_TABLE = 30
_FINEST = 1 << 20
# Which tensors tell nothing about a picture: training's own, and outputs beside colour and depth.
_UNUSED = (
    'camera_optimizer.', 'device_indicator_param',
    'field.mlp_pred_normals.', 'field.field_head_pred_normals.', 'field.position_encoding.',
    'field.direction_encoding.',
)


def is_nerfacto(config: ModelConfig) -> bool:
    """Tell whether a model is of the nerfacto family."""
    return config.class_name in _CONFIGS and config.target in _MODELS


def read_nerfacto(config: ModelConfig, checkpoint: Checkpoint) -> NerfactoParameters:
    """
    Return the parameters of a nerfacto.

    :param config: one that ``is_nerfacto``.
    :raises SceneError: if a value is not one that nerfacto knows, or a tensor is missing,
        superfluous, of another shape or not finite.
    """
    tensors = Tensors(checkpoint)
    box = checkpoint.aabb  # checked even where space is contracted and it tells nothing
    proposals, field = _proposals(config, tensors), _field(config, tensors)
    parameters = NerfactoParameters(
        proposals=proposals,
        field=field,
        field_samples=config.count('num_nerf_samples_per_ray', 48, most=4096),
        head=_head(config, tensors, len(field.layers[-1].biases) - 1),
        near=0.0,  # evaluation begins at the camera, whatever near_plane is
        far=_far(config),
        piecewise=config.choice('proposal_initial_sampler', 'piecewise', _SAMPLERS),
        box=box if config.flag('disable_scene_contraction', False) else None,
        background=_background(config),
    )
    tensors.refuse_unread(_UNUSED)
    return parameters


def _proposals(config: ModelConfig, tensors: Tensors) -> tuple[ProposalPass, ...]:
    passes = config.count('num_proposal_iterations', 2, most=16)
    samples = _sample_counts(config, passes)
    arguments = _proposal_arguments(config)
    count = 1 if config.flag('use_same_proposal_network', False) else passes
    networks = [
        _proposal(config, arguments[min(index, len(arguments) - 1)], tensors, index)
        for index in range(count)
    ]
    return tuple(
        ProposalPass(networks[min(index, count - 1)], samples[index]) for index in range(passes)
    )


def _sample_counts(config: ModelConfig, passes: int) -> list[int]:
    counts = config.values.get('num_proposal_samples_per_ray', (256, 96))
    valid = isinstance(counts, list | tuple) and len(counts) >= passes and all(
        type(count) is int and 1 <= count <= 4096 for count in counts
    )
    if not valid:
        raise config.refusal('num_proposal_samples_per_ray', counts,
                             f'a list of {passes} whole numbers from 1 to 4096')
    return list(counts)


def _proposal_arguments(config: ModelConfig) -> list[ModelConfig]:
    default = [{'num_levels': 5, 'max_res': 128, 'log2_hashmap_size': 17},
               {'num_levels': 5, 'max_res': 256, 'log2_hashmap_size': 17}]
    given: Any = config.values.get('proposal_net_args_list', default)
    if not isinstance(given, list | tuple) or not given or not all(
        isinstance(arguments, Mapping) for arguments in given
    ):
        raise config.refusal('proposal_net_args_list', given, 'a list of dictionaries')
    return [
        ModelConfig(config.path, config.class_name, config.target, arguments)
        for arguments in given
    ]


def _proposal(
    config: ModelConfig, arguments: ModelConfig, tensors: Tensors, index: int
) -> DensityNetwork:
    prefix = f'proposal_networks.{index}'
    table = f'{prefix}.encoding.hash_table'
    grid = _grid(arguments, table, tensors, prefix, levels=8, most=1024, log2_size=18)
    # Both names are of one encoding: the network begins with it.
    tensors.skip(f'{prefix}.mlp_base.0.hash_table', f'{prefix}.aabb')
    if arguments.flag('use_linear', False):
        layers = (tensors.dense(f'{prefix}.linear', _inputs(grid), outputs=1),)
    else:
        layers = tensors.layers(f'{prefix}.mlp_base.1.layers', _inputs(grid), outputs=1)
    return DensityNetwork(grid, layers, _density_scale(config))


def _field(config: ModelConfig, tensors: Tensors) -> DensityNetwork:
    table = 'field.mlp_base.model.0.hash_table'
    grid = _grid(config, table, tensors, 'field', levels=16, most=2048, log2_size=19)
    layers = tensors.layers('field.mlp_base.model.1.layers', _inputs(grid), outputs=None)
    if len(layers[-1].biases) < 2:
        raise tensors.refusal('field.mlp_base.model.1.layers has no features beside the density')
    return DensityNetwork(grid, layers, _density_scale(config))


def _grid(
    config: ModelConfig, table: str, tensors: Tensors, prefix: str, *,
    levels: int, most: int, log2_size: int,
) -> HashGrid:
    """Return a hash encoding; ``levels``, ``most`` and ``log2_size`` where the file has none."""
    level_count = config.count('num_levels', levels, most=64)
    largest = config.count('max_res', most, most=_FINEST)
    log2 = config.count('log2_hashmap_size', log2_size, most=_LOG2_LARGEST_TABLE)
    features = config.count('features_per_level', 2, most=64)
    tables = tensors.take(table, level_count << log2, features)
    for name, value in (('num_levels', level_count), ('max_res', largest),
                        ('log2_hashmap_size', log2)):
        tensors.check_number(f'{prefix}.{name}', value)
    least = config.count('base_res', 16, most=largest)
    return HashGrid(
        tables.reshape(level_count, 1 << log2, features),
        level_scalings(level_count, least, largest),
    )


def _inputs(grid: HashGrid) -> int:
    return grid.tables.shape[0] * grid.tables.shape[2]


def _head(config: ModelConfig, tensors: Tensors, features: int) -> tuple[Dense, ...]:
    """Return the colour network; ``features``: those of the field beside its density."""
    appearance = _appearance(config, tensors)
    inputs = DIRECTION_COEFFICIENTS + features
    total = inputs + (0 if appearance is None else len(appearance))
    first, *rest = tensors.layers('field.mlp_head.layers', total, outputs=3)
    biases = first.biases
    if appearance is not None and config.flag('use_average_appearance_embedding', True):
        biases = biases + first.weights[:, inputs:] @ appearance
    return (Dense(np.ascontiguousarray(first.weights[:, :inputs]), biases), *rest)


def _appearance(config: ModelConfig, tensors: Tensors) -> np.ndarray | None:
    """Return the mean of the training images' embeddings, None if the model has none."""
    size = config.count('appearance_embed_dim', 32, least=0, most=4096)
    if size == 0 or not config.flag('use_appearance_embedding', True):
        return None
    embeddings = tensors.take('field.embedding_appearance.embedding.weight', None, size)
    return embeddings.mean(axis=0)


def _density_scale(config: ModelConfig) -> float:
    scale = config.number('average_init_density', 1.0)
    if scale == 0.0:
        raise config.refusal('average_init_density', scale, 'above 0')
    return scale


def _far(config: ModelConfig) -> float:
    far = config.number('far_plane', 1000.0)
    if not 0.0 < far <= np.finfo(np.float32).max:
        raise config.refusal('far_plane', far, 'a distance above 0')
    return far


def _background(config: ModelConfig) -> tuple[float, float, float] | None:
    choices = {_LAST_SAMPLE: None, **_COLOURS}
    return config.choice('background_color', _LAST_SAMPLE, choices)
