# SPDX-License-Identifier: Apache-2.0
"""Reading the levels that a script gives as a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nerfstudio_renderer.cameras.camera import Intrinsics, LARGEST_SIDE
from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.rendering.levels import ImageLevels
from nerfstudio_renderer.wording import quoted, reason

_KEYS = {'width': int, 'height': int, 'fov': (int, float)}
_EXAMPLE = '[{"width": 64, "height": 36, "fov": 50}, {"width": 640, "height": 360, "fov": 50}]'


def read_image_levels(path: Path) -> ImageLevels:
    """
    Read a list of pictures, coarse to fine, each with width, height and vertical fov in degrees.

    :raises ConfigurationError: if the file is not such a list.
    """
    try:
        entries = json.loads(path.expanduser().read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f'camera config {quoted(str(path))} cannot be read: {reason(error)}'
        ) from error
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(
            f'camera config {quoted(str(path))} is not a list of levels such as {_EXAMPLE}'
        )
    try:
        return ImageLevels(tuple(_picture(entry) for entry in entries))
    except ConfigurationError as error:
        raise ConfigurationError(f'camera config {quoted(str(path))}: {error}') from error


def _picture(entry: Any) -> Intrinsics:
    if not isinstance(entry, dict) or set(entry) != set(_KEYS):
        raise ConfigurationError(f'level {quoted(entry)} does not have exactly the keys '
                                 f'{", ".join(_KEYS)}')
    for key, kind in _KEYS.items():
        if not isinstance(entry[key], kind) or isinstance(entry[key], bool):
            raise ConfigurationError(f'{key} of level {quoted(entry)} is not a number')
    for key in ('width', 'height'):
        if entry[key] > LARGEST_SIDE:
            raise ConfigurationError(
                f'{key} of level {quoted(entry)} is more than {LARGEST_SIDE}, the most that is '
                'rendered'
            )
    return Intrinsics.from_fov_y(entry['width'], entry['height'], entry['fov'])
