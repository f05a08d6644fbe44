# SPDX-License-Identifier: Apache-2.0
"""
Compare a scene's pictures with views that it was not trained on.

`python -m tools.robot_cell.evaluate` prints the PSNR of the colours and the median absolute error
of the depth for each held-out view of the bundled scene, and their means. `--views` takes any
other folder that `tools.robot_cell.generate` wrote; `--pictures` writes them side by side.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.directions import axis_cosines
from nerfstudio_renderer.renderer import Renderer
from nerfstudio_renderer.scene import load_scene, WorldTransform
import numpy as np

from .cameras import Pinhole
from .dataset import read_transforms, read_view
from .render import View

BUNDLED = Path('nerfstudio_renderer/bundled_scenes/robot_cell')


@dataclass(frozen=True)
class Score:
    """How far a rendered view is from the truth."""

    psnr_db: float
    """Peak signal-to-noise ratio of the 8-bit sRGB colours."""
    depth_error_m: float
    """Median absolute error of the depth along the optical axis; NaN without true depth."""


def render_view(
    renderer: Renderer, world: WorldTransform, camera: Pinhole, pose: np.ndarray
) -> View:
    """Render what `camera` sees from the world pose (4, 4)."""
    pinhole = Intrinsics.from_fov_y(camera.width, camera.height, camera.fov_y_deg)
    frame = renderer.render(Camera(world.to_scene(pose[:3]), pinhole))
    return View(frame.image.rgb8, frame.depth / world.scale * axis_cosines(pinhole))


def score(rendered: View, truth: View) -> Score:
    """Compare two views of the same size."""
    difference = rendered.rgb.astype(np.float64) - truth.rgb
    psnr = 20 * np.log10(255) - 10 * np.log10(np.mean(difference ** 2))
    return Score(float(psnr), float(np.median(np.abs(rendered.depth - truth.depth))))


def side_by_side(pairs: list[tuple[View, View]]) -> np.ndarray:
    """Return one column of pictures per pair, the first above the second, uint8 RGB."""
    return np.hstack([np.vstack([first.rgb, second.rgb]) for first, second in pairs])


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m tools.robot_cell.evaluate', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--scene', type=Path, default=BUNDLED, help='folder with config.yml (%(default)s)')
    add('--views', type=Path, default=BUNDLED / 'heldout', help='held-out views (%(default)s)')
    add('--device', default='auto', help='auto, cpu, cuda or cuda:N (%(default)s)')
    add('--pictures', type=Path, help='PNG to write: true views above, rendered ones below')
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    given = parse_arguments(arguments)
    scene = load_scene(given.scene)
    renderer = Renderer(scene, device=given.device)
    world = scene.world or WorldTransform.identity()
    camera, frames = read_transforms(given.views)
    pairs, scores = [], []
    for frame in frames:
        truth = read_view(given.views, frame)
        rendered = render_view(renderer, world, camera, frame.pose)
        pairs.append((truth, rendered))
        scores.append(score(rendered, truth))
        _print_row(frame.rgb_path, scores[-1])
    _print_row('mean', Score(*np.mean([(s.psnr_db, s.depth_error_m) for s in scores], axis=0)))
    if given.pictures:
        picture = cv2.cvtColor(side_by_side(pairs), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(given.pictures), picture)


def _print_row(name: str, row: Score) -> None:
    print(f'{name:14} {row.psnr_db:6.2f} dB {row.depth_error_m:8.4f} m', flush=True)


if __name__ == '__main__':
    main()
