# SPDX-License-Identifier: Apache-2.0
"""Options of subcommands that load a scene."""

from __future__ import annotations

import argparse

from nerfstudio_renderer.engines.registry import ENGINE_NAMES
from nerfstudio_renderer.scene import bundled_config, load_scene, Scene

BUNDLED = 'bundled'
"""Stands for the bundled scene's path."""


def add_scene_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the scene and the options that say how it is rendered."""
    parser.add_argument('scene', metavar='SCENE',
                        help='config.yml as ns-train wrote it, its folder, a file of Gaussians '
                             f'(.ply, .splat, .spz, SOG), or "{BUNDLED}" for the scene that '
                             'comes with the package')
    group = parser.add_argument_group('scene')
    group.add_argument('--checkpoint', metavar='FILE',
                       help='a step-*.ckpt in place of the newest one')
    group.add_argument('--engine', choices=ENGINE_NAMES, default='auto',
                       help='what renders (default: %(default)s, the fastest that can)')
    group.add_argument('--device', default='auto', metavar='DEVICE',
                       help='auto, cpu, cuda or cuda:N (default: %(default)s)')


def scene_of(given: argparse.Namespace) -> Scene:
    """Return the scene that the options name; a ``SceneError`` if it is none."""
    path = bundled_config() if given.scene == BUNDLED else given.scene
    return load_scene(path, checkpoint=given.checkpoint)
