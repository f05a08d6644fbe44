# SPDX-License-Identifier: Apache-2.0
"""The fused engine's CUDA kernels against nerfstudio's own evaluation of the same rays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nerfstudio.cameras.rays import RayBundle
from nerfstudio_renderer import Camera, Intrinsics, load_scene
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tile, Tiling
from nerfstudio_renderer.engines.nerfstudio.model import build_model
from nerfstudio_renderer.engines.protocol import UnsupportedSceneError
from nerfstudio_renderer.engines.torch_support.rays import CameraRays
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.nerfacto import Dense, NerfactoParameters, read_nerfacto
import numpy as np
import pytest
from support.kernels import kernels, Render
from support.scenes import edit_state, strengthen, write_scene
import torch

CPU = torch.device('cpu')
ORIGIN = (0.2, -0.1, 0.4)
# Few large steps: the interpreter's time goes by operations, however large.
LARGE = Tiling(
    proposal=Tile(rays=256, samples=16, warps=8),
    resampling=Tile(rays=256, samples=16, warps=8),
    field=Tile(rays=256, samples=8, warps=8),
)
_PROPOSAL = {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32}


@pytest.fixture(scope='module')
def render() -> Iterator[Render]:
    with kernels() as function:
        yield function


def _directions(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.nn.functional.normalize(torch.randn((count, 3), generator=generator), dim=-1)


def _scene(folder: Path, edit=strengthen, **changes) -> Scene:
    """Return a random scene with things to see: part empty, part dense, in strong colours."""
    config = write_scene(folder / 'scene', **changes)
    edit_state(config, edit)
    return load_scene(config)


def _parameters(scene: Scene) -> NerfactoParameters:
    return read_nerfacto(scene.config, scene.checkpoint)


@torch.inference_mode()
def _expected(scene: Scene, origin, directions: torch.Tensor) -> torch.Tensor:
    count = len(directions)
    outputs = build_model(scene, CPU)(RayBundle(
        origins=torch.tensor([origin]).expand(count, 3),
        directions=directions,
        pixel_area=torch.ones((count, 1)),
        camera_indices=torch.zeros((count, 1), dtype=torch.long),
    ))
    return torch.cat([outputs[name] for name in ('rgb', 'depth', 'accumulation')], dim=-1)


def _psnr(picture: torch.Tensor, expected: torch.Tensor) -> float:
    return float(-10.0 * torch.log10((picture - expected)[:, :3].square().mean()))


def _share_of_depths_within(share: float, picture, expected) -> float:
    return float(((picture[:, 3] / expected[:, 3] - 1.0).abs() < share).float().mean())


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {'use_average_appearance_embedding': False},
        {'background_color': 'white'},
        {'background_color': 'black'},
        {'disable_scene_contraction': True},
        {'method': 'depth-nerfacto'},
        {'features_per_level': 1},
        {'features_per_level': 4},
        {'features_per_level': 8, 'num_levels': 2},
        {'num_levels': 11, 'hidden_dim': 64, 'hidden_dim_color': 24},
        {'num_proposal_iterations': 1},
        {'num_proposal_iterations': 3, 'num_proposal_samples_per_ray': (16, 12, 11)},
        {'use_same_proposal_network': True,
         'proposal_net_args_list': [{**_PROPOSAL, 'use_linear': False}]},
        {'proposal_net_args_list': [{**_PROPOSAL, 'use_linear': True}]},
        {'proposal_initial_sampler': 'uniform', 'far_plane': 4.0},
    ],
    ids=str,
)
def test_a_picture_is_nerfstudios_own(tmp_path: Path, render: Render, changes: dict):
    scene = _scene(tmp_path, **changes)
    directions = _directions(201)
    expected = _expected(scene, ORIGIN, directions)
    assert expected[:, :3].std() > 0.1  # there is something to see
    parameters = _parameters(scene)
    (picture,) = render(
        parameters, [(ORIGIN, directions)], tiling=LARGE, precision=torch.float32
    )
    assert _psnr(picture, expected) > 90.0
    assert _share_of_depths_within(1e-3, picture, expected) > 0.99
    torch.testing.assert_close(picture[:, 4], expected[:, 4], atol=1e-3, rtol=0.0)


@pytest.mark.parametrize(
    'changes', [{}, {'features_per_level': 4, 'hidden_dim': 64}, {'background_color': 'white'}],
    ids=str,
)
def test_half_precision_is_hardly_seen(tmp_path: Path, render: Render, changes: dict):
    scene = _scene(tmp_path, **changes)
    directions = _directions(201)
    expected = _expected(scene, ORIGIN, directions)
    (picture,) = render(_parameters(scene), [(ORIGIN, directions)], tiling=LARGE)
    assert _psnr(picture, expected) > 50.0
    assert _share_of_depths_within(1e-2, picture, expected) > 0.99
    assert (picture[:, 4] - expected[:, 4]).abs().mean() < 2e-3


def _black_behind(parameters: NerfactoParameters) -> NerfactoParameters:
    return replace(parameters, background=(0.0, 0.0, 0.0))


def _in_a_box(parameters: NerfactoParameters) -> NerfactoParameters:
    return replace(parameters, box=np.array([[-2.0] * 3, [2.0] * 3], np.float32))


def _without_appearance(parameters: NerfactoParameters) -> NerfactoParameters:
    first, *rest = parameters.head
    return replace(parameters, head=(Dense(first.weights, np.zeros_like(first.biases)), *rest))


def _uniform(parameters: NerfactoParameters) -> NerfactoParameters:
    return replace(parameters, piecewise=False)


def _near_plane(parameters: NerfactoParameters) -> NerfactoParameters:
    return replace(parameters, near=0.05)


def _other_density(parameters: NerfactoParameters) -> NerfactoParameters:
    field = replace(parameters.field, density_scale=1.5 * parameters.field.density_scale)
    return replace(parameters, field=field)


@pytest.mark.parametrize(
    'wrong',
    [_black_behind, _in_a_box, _without_appearance, _uniform, _near_plane, _other_density],
)
def test_the_comparison_would_notice(tmp_path: Path, render: Render, wrong):
    scene = _scene(tmp_path)
    directions = _directions(201)
    parameters = wrong(_parameters(scene))
    (picture,) = render(parameters, [(ORIGIN, directions)], tiling=LARGE)
    assert _psnr(picture, _expected(scene, ORIGIN, directions)) < 45.0


def test_any_number_of_rays_is_rendered_each_by_itself(tmp_path: Path, render: Render):
    scene = _scene(tmp_path)
    directions = _directions(37)
    counts = (0, 1, 37)
    pictures = render(
        _parameters(scene), [(ORIGIN, directions[:count]) for count in counts]
    )
    expected = _expected(scene, ORIGIN, directions)
    for count, picture in zip(counts, pictures, strict=True):
        assert picture.shape == (count, 5)
        torch.testing.assert_close(picture[:, :3], expected[:count, :3], atol=1e-2, rtol=0.0)


@pytest.mark.parametrize('changes', [{}, {'features_per_level': 4, 'num_levels': 7}], ids=str)
def test_levels_laid_out_by_cells_say_what_the_hash_says(
    tmp_path: Path, render: Render, changes: dict
):
    parameters = _parameters(_scene(tmp_path, **changes))
    calls = [(ORIGIN, _directions(50))]
    options = {'tiling': LARGE, 'precision': torch.float32}
    hashed, some, all_levels = (
        render(parameters, calls, cell_bytes=size, **options)[0] for size in (0, 1 << 22, 1 << 28)
    )
    torch.testing.assert_close(all_levels, hashed)
    torch.testing.assert_close(some, hashed)


def test_more_rays_than_there_is_room_for_are_rendered_in_parts(tmp_path: Path, render: Render):
    parameters = _parameters(_scene(tmp_path))
    directions = _directions(301)
    whole, parts = (
        render(parameters, [(ORIGIN, directions)], tiling=tiling)[0]
        for tiling in (LARGE, replace(LARGE, rays_per_multiprocessor=8))
    )
    torch.testing.assert_close(parts, whole, atol=2e-3, rtol=1e-3)


def test_later_pictures_leave_earlier_ones_alone(tmp_path: Path, render: Render):
    parameters = _parameters(_scene(tmp_path))
    directions = _directions(40)
    calls = [((0.3 * number, 0.0, 0.0), directions) for number in range(3)]
    together = render(parameters, calls, tiling=LARGE)
    for call, picture in zip(calls, together, strict=True):
        torch.testing.assert_close(render(parameters, [call], tiling=LARGE)[0], picture)


def test_the_bundled_scene_looks_as_nerfstudio_renders_it(render: Render):
    scene = load_scene()
    intrinsics = Intrinsics.from_fov_y(24, 18, 50.0)
    c2w = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, -0.4], [0.0, 1.0, 0.0, 0.1]])
    rays = CameraRays(Camera(c2w, intrinsics), CPU)
    directions = rays.directions(torch.arange(intrinsics.pixel_count))
    expected = _expected(scene, rays.origin, directions)
    assert expected[:, :3].std() > 0.1
    calls = [(rays.origin, directions)]
    (picture,) = render(_parameters(scene), calls, tiling=LARGE)
    assert _psnr(picture, expected) > 45.0
    # A median falls on a neighbouring sample more often where surfaces are thin.
    assert _share_of_depths_within(1e-2, picture, expected) > 0.98


def test_numbers_beyond_half_precision_are_refused(tmp_path: Path, render: Render):
    def edit(state: dict) -> None:
        state['_model.field.mlp_head.layers.0.weight'][0, 0] = 1e5

    with pytest.raises(UnsupportedSceneError, match='up to 65504, not 100000'):
        render(_parameters(_scene(tmp_path, edit)), [])
