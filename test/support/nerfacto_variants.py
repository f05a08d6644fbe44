# SPDX-License-Identifier: Apache-2.0
"""Kinds of nerfactos: what is changed in the small one of support.scenes."""

_PROPOSAL = {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32}

VARIANTS = [
    {},
    {'method': 'depth-nerfacto'},
    {'background_color': 'white'},
    {'background_color': 'black'},
    {'background_color': 'random'},
    {'disable_scene_contraction': True},
    {'use_average_appearance_embedding': False},
    {'use_appearance_embedding': False},
    {'features_per_level': 1},
    {'features_per_level': 3},
    {'features_per_level': 8},
    {'num_levels': 1},
    {'hidden_dim': 13, 'hidden_dim_color': 37},
    {'proposal_initial_sampler': 'uniform', 'far_plane': 6.0},
    {'num_nerf_samples_per_ray': 1},
    {'num_proposal_iterations': 1},
    {'num_proposal_iterations': 3, 'num_proposal_samples_per_ray': (20, 5, 30)},
    {'use_same_proposal_network': True, 'proposal_net_args_list': [
        {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32}]},
    {'proposal_net_args_list': [
        {'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32, 'use_linear': True}]},
    {'average_init_density': 30.0},
    {'features_per_level': 4},
    {'features_per_level': 8, 'num_levels': 2},
    {'num_levels': 11, 'hidden_dim': 64, 'hidden_dim_color': 24},
    {'num_proposal_iterations': 3, 'num_proposal_samples_per_ray': (16, 12, 11)},
    {'use_same_proposal_network': True,
     'proposal_net_args_list': [{**_PROPOSAL, 'use_linear': False}]},
    {'proposal_net_args_list': [{**_PROPOSAL, 'use_linear': True}]},
    {'num_levels': 9, 'hidden_dim': 128},
    {'base_res': 5, 'max_res': 63},
    {'appearance_embed_dim': 7},
    {'near_plane': 0.3, 'far_plane': 4.0},
]
"""Of the configuration, or ``method``; each is a scene that the tests render or read."""

TRAINED_WITH_MORE = [{'predict_normals': True}]
"""What adds tensors that tell nothing about a picture."""
