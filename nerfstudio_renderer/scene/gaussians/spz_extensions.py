# SPDX-License-Identifier: Apache-2.0
"""What an .spz file's extensions say of its axes."""

from __future__ import annotations

import struct

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.axes import Flips

MOST_EXTENSION_BYTES = 1 << 16
"""How much is read of them."""

_RECORD = struct.Struct('<II')
_COORDINATES = 0xADBE0003
# Counted from 1, one bit for each of left or right, down or up, back or front.
_UNSPECIFIED, _RIGHT_UP_BACK, _RIGHT_DOWN_FRONT, _LAST_UNPERMUTED = 0, 4, 6, 8


def flips_of(extensions: bytes) -> Flips:
    """
    Return which axes of a file point another way than in .ply files.

    Without extensions y and z: up and back in .spz files, down and front in .ply files.

    :param extensions: records of a type, a length and so many bytes; unknown ones are ignored.
    :raises SceneError: if the axes are permuted.
    """
    system = _coordinate_system(extensions) or _RIGHT_UP_BACK
    if system > _LAST_UNPERMUTED:
        raise SceneError(f'its axes, number {system} of the extension for coordinate systems, are '
                         'permuted; save it without that extension')
    different = (system - 1) ^ (_RIGHT_DOWN_FRONT - 1)
    return Flips(bool(different & 1), bool(different & 2), bool(different & 4))


def _coordinate_system(extensions: bytes) -> int:
    place = 0
    while place + _RECORD.size <= len(extensions):
        kind, size = _RECORD.unpack_from(extensions, place)
        place += _RECORD.size
        if kind == _COORDINATES and size >= 4 and place + 4 <= len(extensions):
            return int.from_bytes(extensions[place:place + 4], 'little')
        place += size
    return _UNSPECIFIED
