# SPDX-License-Identifier: Apache-2.0
"""``nerfstudio-renderer render``: one image of a scene."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import time
from typing import Any

from nerfstudio_renderer.command_line.cameras import add_camera_arguments, camera_of
from nerfstudio_renderer.command_line.images import check_image_name, write_image
from nerfstudio_renderer.command_line.scenes import add_scene_arguments, scene_of
from nerfstudio_renderer.renderer import Renderer
import numpy as np


def add_arguments(subparsers: Any, name: str) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(name, help='render one image of a scene')
    add_scene_arguments(parser)
    parser.add_argument('-o', '--output', type=Path, required=True, metavar='IMAGE.png',
                        help='file to write')
    parser.add_argument('--depth', type=Path, metavar='DEPTH.npy',
                        help='file for the distances along the rays, float32, scene units')
    parser.add_argument('--json', action='store_true',
                        help='print what was done as one JSON object')
    add_camera_arguments(parser)


def run(given: argparse.Namespace, rest: list[str]) -> int:
    """Load, render, write, and say what was done."""
    check_image_name(given.output)
    started = time.perf_counter()
    scene = scene_of(given)
    renderer = Renderer(scene, engine=given.engine, device=given.device)
    loaded = time.perf_counter()
    camera = camera_of(given, scene, renderer)
    begun = time.perf_counter()
    frame = renderer.render(camera)
    rendered = time.perf_counter()
    write_image(given.output, frame.image.rgb8)
    if given.depth is not None:
        with given.depth.open('wb') as file:
            np.save(file, frame.depth)
    report = {
        'engine': renderer.engine,
        'device': renderer.device,
        'load_s': round(loaded - started, 4),
        'render_s': round(rendered - begun, 4),
        'image': str(given.output),
        'size': list(given.size),
    }
    if given.json:
        print(json.dumps(report))
    else:
        print('{image}: {0} x {1} by {engine} on {device}, loaded in {load_s:.2f} s, rendered in '
              '{render_s:.2f} s'.format(*given.size, **report))
    return 0
