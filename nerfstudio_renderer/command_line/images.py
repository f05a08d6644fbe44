# SPDX-License-Identifier: Apache-2.0
"""Writing image files."""

from __future__ import annotations

from pathlib import Path
import struct
import zlib

from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.optional_packages import is_installed
from nerfstudio_renderer.wording import quoted
import numpy as np

_COMPRESSION = 6


def check_image_name(path: Path) -> None:
    """
    Refuse a file that no image can be written to, before anything is rendered.

    :raises ConfigurationError: with what to do.
    """
    if not path.parent.is_dir():
        raise ConfigurationError(f'{quoted(str(path.parent))} is no folder; create it first')
    if path.suffix.lower() == '.png':
        return
    if not is_installed('PIL'):
        raise ConfigurationError(f'{quoted(path.name)} is no .png file; other forms need Pillow: '
                                 'pip install pillow')
    from PIL import Image

    if path.suffix.lower() not in Image.registered_extensions():
        raise ConfigurationError(f'{quoted(path.name)} has no ending that Pillow writes; try .png')


def write_image(path: Path, rgb8: np.ndarray) -> None:
    """
    Write an image.

    :param rgb8: uint8 of shape (height, width, 3).
    """
    if path.suffix.lower() == '.png':
        path.write_bytes(encode_png(rgb8))
        return
    from PIL import Image

    Image.fromarray(rgb8).save(path)


def encode_png(rgb8: np.ndarray) -> bytes:
    """
    Return an image as a PNG file (https://www.w3.org/TR/png-3/).

    The only form of image that the light install writes, since zlib comes with Python.

    :param rgb8: uint8 of shape (height, width, 3).
    """
    height, width, _ = rgb8.shape
    # Each row begins with its filter. Sub (1), the difference to the pixel on the left.
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 1
    rows[:, 1:4] = rgb8[:, 0]
    rows[:, 4:] = (rgb8[:, 1:] - rgb8[:, :-1]).reshape(height, -1)
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b''.join([
        b'\x89PNG\r\n\x1a\n',
        _chunk(b'IHDR', header),
        _chunk(b'IDAT', zlib.compress(rows.tobytes(), _COMPRESSION)),
        _chunk(b'IEND', b''),
    ])


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', checksum)
