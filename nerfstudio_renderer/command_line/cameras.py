# SPDX-License-Identifier: Apache-2.0
"""Options of subcommands that look at a scene from somewhere."""

from __future__ import annotations

import argparse
import re

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics, LARGEST_SIDE
from nerfstudio_renderer.cameras.conventions import PoseConvention
from nerfstudio_renderer.cameras.pose import c2w_from_euler, c2w_from_quaternion
from nerfstudio_renderer.defaults import DEFAULTS
from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.renderer import Renderer
from nerfstudio_renderer.scene import Scene, suggested_pose
import numpy as np

_SIZE = re.compile(r'(\d{1,5})x(\d{1,5})')


def add_camera_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``camera_of`` reads."""
    group = parser.add_argument_group('camera')
    group.add_argument('--position', type=float, nargs=3, metavar=('X', 'Y', 'Z'),
                       help='centre of the camera (default: a pose that sees something)')
    turn = group.add_mutually_exclusive_group()
    turn.add_argument('--rotation', type=float, nargs=3, metavar=('X', 'Y', 'Z'),
                      help='degrees about the fixed x, then y, then z axis (default: 0 0 0)')
    turn.add_argument('--quaternion', type=float, nargs=4, metavar=('X', 'Y', 'Z', 'W'),
                      help='orientation in place of --rotation')
    group.add_argument('--convention', choices=[each.value for each in PoseConvention],
                       default='opengl', help='axes of the orientation (default: %(default)s)')
    group.add_argument('--units', choices=('scene', 'world', 'auto'), default='scene',
                       help='what the pose is given in; auto: world where the scene says how '
                            '(default: %(default)s)')
    group.add_argument('--size', type=_size, default=(DEFAULTS.width, DEFAULTS.height),
                       metavar='WxH',
                       help=f'pixels (default: {DEFAULTS.width}x{DEFAULTS.height})')
    group.add_argument('--fov', type=float, default=DEFAULTS.fov_y_deg, metavar='DEG',
                       help='vertical field of view (default: %(default)g)')


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(f'{text!r} is not a size such as 1280x720')
    return sides


def camera_of(given: argparse.Namespace, scene: Scene, renderer: Renderer) -> Camera:
    """
    Return the camera that the options describe, in scene units.

    :raises RendererError: if they describe none.
    """
    intrinsics = Intrinsics.from_fov_y(*given.size, given.fov)
    if given.position is None:
        if given.rotation is not None or given.quaternion is not None:
            raise ConfigurationError('an orientation needs --position X Y Z too')
        return Camera(suggested_pose(renderer, renderer.extent), intrinsics)
    c2w = _c2w(given)
    if given.units == 'world' and scene.world is None:
        raise ConfigurationError('--units world needs dataparser_transforms.json beside the '
                                 'config; copy it there, or give the pose in scene units')
    if given.units != 'scene' and scene.world is not None:
        c2w = scene.world.to_scene(c2w)
    return Camera(c2w, intrinsics)


def _c2w(given: argparse.Namespace) -> np.ndarray:
    convention = PoseConvention(given.convention)
    if given.quaternion is not None:
        return c2w_from_quaternion(given.position, given.quaternion, convention)
    c2w = c2w_from_euler(given.position, given.rotation or (0.0, 0.0, 0.0))
    return np.column_stack([c2w[:, :3] @ convention.from_opengl, c2w[:, 3]])
