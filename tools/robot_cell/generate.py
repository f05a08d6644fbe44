# SPDX-License-Identifier: Apache-2.0
"""
Generate the data set of the robot cell, or any further views of it.

`python -m tools.robot_cell.generate --output data` writes `data/train` (what nerfstudio trains
on) and `data/heldout` (what it never sees, with depth). More held-out views, from another seed:
`--train-views 0 --heldout-views 20 --heldout-seed 7`.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from .cameras import Pinhole, sample_pose
from .cell import ORIGIN, tracer
from .dataset import Frame, write_transforms, write_view
from .render import render

CLEARANCE = 0.5
"""Metres: a camera is never nearer than this to anything that it sees."""


def draw_poses(count: int, camera: Pinhole, seed: int) -> list[np.ndarray]:
    """Draw `count` world poses (4, 4) that keep their distance; same seed, same poses."""
    rng = np.random.default_rng(seed)
    poses: list[np.ndarray] = []
    while len(poses) < count:
        pose = sample_pose(rng)
        if _clearance(camera, pose) > CLEARANCE:
            poses.append(pose)
    return poses


def write_split(
    folder: Path, poses: list[np.ndarray], camera: Pinhole, *, samples: int, seed: int,
    depth: bool, jobs: int,
) -> None:
    """Render `poses` with `samples`² rays per pixel and write them as one data set."""
    frames = [
        Frame(pose, f'rgb_{i:03d}.png', f'depth_{i:03d}.png' if depth else None)
        for i, pose in enumerate(poses)
    ]
    write_transforms(folder, camera, frames)
    task = partial(_render_frame, folder, camera, samples, seed)
    with ProcessPoolExecutor(jobs) as pool:
        for frame in pool.map(task, range(len(frames)), frames):
            print(f'{folder.name}/{frame}', flush=True)


def _render_frame(
    folder: Path, camera: Pinhole, samples: int, seed: int, index: int, frame: Frame
) -> str:
    rng = np.random.default_rng([seed, index])
    write_view(folder, frame, render(tracer(), camera, frame.pose, samples, rng))
    return frame.rgb_path


def _clearance(camera: Pinhole, pose: np.ndarray) -> float:
    x, y = np.meshgrid(np.linspace(0, camera.width, 17), np.linspace(0, camera.height, 13))
    directions = camera.directions(np.stack([x.ravel(), y.ravel()], axis=1)) @ pose[:3, :3].T
    origins = np.broadcast_to(pose[:3, 3] - ORIGIN, directions.shape)
    return float(tracer().cast(origins, directions).distance.min())


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m tools.robot_cell.generate', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument, type=int)
    add('--output', type=Path, required=True, help='folder for train/ and heldout/')
    add('--train-views', default=160, help='number of training views (%(default)s)')
    add('--heldout-views', default=8, help='number of held-out views (%(default)s)')
    add('--seed', default=1, help='seed of the training views (%(default)s)')
    add('--heldout-seed', default=2, help='seed of the held-out views (%(default)s)')
    add('--width', default=320, help='pixels (%(default)s)')
    add('--height', default=240, help='pixels (%(default)s)')
    add('--fov-y', type=float, default=55.0, help='vertical, in degrees (%(default)s)')
    add('--samples', default=4, help='rays per pixel along x and along y (%(default)s)')
    add('--jobs', default=2, help='processes that render (%(default)s)')
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    given = parse_arguments(arguments)
    camera = Pinhole(given.width, given.height, given.fov_y)
    splits = (('train', given.train_views, given.seed, False),
              ('heldout', given.heldout_views, given.heldout_seed, True))
    for name, count, seed, depth in splits:
        if count:
            write_split(
                given.output / name, draw_poses(count, camera, seed), camera,
                samples=given.samples, seed=seed, depth=depth, jobs=given.jobs,
            )


if __name__ == '__main__':
    main()
