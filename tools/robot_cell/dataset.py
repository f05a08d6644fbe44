# SPDX-License-Identifier: Apache-2.0
"""
Views on disk, in nerfstudio's transforms.json format.

Colour is 8-bit sRGB PNG. Depth is 16-bit PNG: millimetres along the camera's optical axis
(REP 118's Z, not the length of the ray), at the pixel centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path

import cv2
import numpy as np

from .cameras import Pinhole
from .render import View

MILLIMETRES = 1000.0


@dataclass(frozen=True)
class Frame:
    """One entry of a transforms.json."""

    pose: np.ndarray
    """Camera-to-world, OpenGL convention, metres, shape (4, 4)."""
    rgb_path: str
    """Relative to the transforms.json."""
    depth_path: str | None
    """Relative to the transforms.json; None where no depth is stored."""


def write_view(folder: Path, frame: Frame, view: View) -> None:
    """Write the pictures of one view below `folder`."""
    path = folder / frame.rgb_path
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(view.rgb, cv2.COLOR_RGB2BGR))
    if frame.depth_path:
        millimetres = np.round(view.depth * MILLIMETRES).astype(np.uint16)
        cv2.imwrite(str(folder / frame.depth_path), millimetres)


def read_view(folder: Path, frame: Frame) -> View:
    """Read what `write_view` wrote; raises FileNotFoundError for a missing picture."""
    rgb = cv2.cvtColor(_read(folder / frame.rgb_path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    depth = np.full(rgb.shape[:2], np.nan)
    if frame.depth_path:
        depth = _read(folder / frame.depth_path, cv2.IMREAD_UNCHANGED) / MILLIMETRES
    return View(rgb, depth)


def write_transforms(folder: Path, camera: Pinhole, frames: Sequence[Frame]) -> None:
    """Write `folder`/transforms.json; world frame in metres with z up."""
    content = {
        'camera_model': 'OPENCV',
        'fl_x': camera.focal,
        'fl_y': camera.focal,
        'cx': camera.width / 2,
        'cy': camera.height / 2,
        'w': camera.width,
        'h': camera.height,
        'k1': 0.0, 'k2': 0.0, 'p1': 0.0, 'p2': 0.0,
        'frames': [_entry(frame) for frame in frames],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'transforms.json').write_text(json.dumps(content, indent=1) + '\n')


def read_transforms(folder: Path) -> tuple[Pinhole, list[Frame]]:
    """Read the camera and the frames that `write_transforms` wrote."""
    content = json.loads((folder / 'transforms.json').read_text())
    fov_y = 2 * np.arctan(content['h'] / 2 / content['fl_y'])
    frames = [
        Frame(np.array(e['transform_matrix']), e['file_path'], e.get('depth_file_path'))
        for e in content['frames']
    ]
    return Pinhole(content['w'], content['h'], float(np.rad2deg(fov_y))), frames


def _entry(frame: Frame) -> dict[str, object]:
    entry: dict[str, object] = {'file_path': frame.rgb_path}
    if frame.depth_path:
        entry['depth_file_path'] = frame.depth_path
    return {**entry, 'transform_matrix': frame.pose.tolist()}


def _read(path: Path, flag: int) -> np.ndarray:
    picture = cv2.imread(str(path), flag)
    if picture is None:
        raise FileNotFoundError(f'no readable picture at {path}')
    return picture
