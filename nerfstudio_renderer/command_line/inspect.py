# SPDX-License-Identifier: Apache-2.0
"""``nerfstudio-renderer inspect``: what a scene is, and what renders it."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.command_line.images import check_image_name, write_image
from nerfstudio_renderer.command_line.scenes import add_scene_arguments, scene_of
from nerfstudio_renderer.errors import RendererError
from nerfstudio_renderer.renderer import Renderer
from nerfstudio_renderer.scene import NerfstudioScene, Scene, suggested_pose
from nerfstudio_renderer.wording import reason

_THUMBNAIL = Intrinsics.from_fov_y(640, 360, 50.0)


def add_arguments(subparsers: Any, name: str) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(name, help='say what a scene is and what renders it')
    add_scene_arguments(parser)
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.add_argument('--thumbnail', type=Path, metavar='IMAGE.png',
                        help='file for an image from the suggested pose')


def run(given: argparse.Namespace, rest: list[str]) -> int:
    """Describe the scene; one that cannot be rendered here is described with the reason."""
    if given.thumbnail is not None:
        check_image_name(given.thumbnail)
    description = describe(given, scene_of(given))
    if given.json:
        print(json.dumps(description))
    else:
        for name, value in description.items():
            print(f'{name + ":":<13}{_shown(value)}')
    return 0


def describe(given: argparse.Namespace, scene: Scene) -> dict[str, Any]:
    """Return what ``inspect`` prints of a scene."""
    description: dict[str, Any] = {
        'method': scene.method,
        'config': str(scene.files.config),
        **(_of_training(scene) if isinstance(scene, NerfstudioScene) else {}),
        'world': scene.world is not None,
        'scale': None if scene.world is None else scene.world.scale,
        'gaussians': None,
        'engine': None,
        'device': None,
        'refused': None,
        'pose': None,
    }
    try:
        renderer = Renderer(scene, engine=given.engine, device=given.device)
        pose = suggested_pose(renderer, renderer.extent)
        if given.thumbnail is not None:
            frame = renderer.render(Camera(pose, _THUMBNAIL))
            write_image(given.thumbnail, frame.image.rgb8)
    except RendererError as error:
        return {**description, 'refused': reason(error)}
    return {
        **description,
        'gaussians': renderer.gaussian_count,
        'engine': renderer.engine,
        'device': renderer.device,
        'pose': pose.tolist(),
    }


def _of_training(scene: NerfstudioScene) -> dict[str, Any]:
    checkpoint = scene.checkpoint
    return {
        'checkpoint': str(scene.files.checkpoint),
        'step': scene.step,
        'parameters': sum(math.prod(tensor.shape) for tensor in checkpoint.state.values()),
        'images': checkpoint.image_count,
        'packed': checkpoint.is_packed,
        'bounds': checkpoint.aabb.tolist(),
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, list):
        return ' '.join(f'[{" ".join(f"{number:.4g}" for number in row)}]' for row in value)
    return '-' if value is None else str(value)
