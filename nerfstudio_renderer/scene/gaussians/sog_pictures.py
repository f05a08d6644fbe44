# SPDX-License-Identifier: Apache-2.0
"""WebP pictures, whose size is checked before they are decoded."""

from __future__ import annotations

import io
import warnings

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.wording import quoted, reason
import numpy as np


def decoded(content: bytes, name: str, least: int, most: int) -> np.ndarray:
    """
    Return a WebP picture as uint8 of shape (height, width, 4): red, green, blue, alpha.

    :param name: for messages.
    :param least: pixels that it has to have.
    :param most: pixels that it may have.
    :raises SceneError: if it has others, is damaged, or Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise SceneError('the pictures of SOG need Pillow: pip install pillow, or save the scene '
                         'as .ply') from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of large pictures: their size is checked here
            picture = Image.open(io.BytesIO(content), formats=['WEBP'])
    except Exception as error:  # whatever Pillow raises on damaged pictures
        raise SceneError(f'its {quoted(name)} is no WebP picture') from error
    with picture:
        if not least <= picture.width * picture.height <= most:
            raise SceneError(f'its {quoted(name)} has {picture.width} x {picture.height} pixels, '
                             f'instead of {least} or a few more')
        try:
            return np.array(picture.convert('RGBA'))
        except Exception as error:  # as above
            raise SceneError(f'its {quoted(name)} is damaged: {reason(error)}') from error
