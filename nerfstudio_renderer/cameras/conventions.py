# SPDX-License-Identifier: Apache-2.0
"""
How a camera's axes are named by those who send poses, and by nerfstudio.

Everything inside this package uses OpenGL cameras, as nerfstudio does: the camera looks along -z,
+y is up, +x is right. Each constant below is a rotation ``R`` with ``pose @ R`` being the OpenGL
camera's rotation when ``pose`` is given in the named convention: its columns are the OpenGL axes
(right, up, backward) expressed in the axes of that convention.
"""

from enum import Enum

import numpy as np


def _rotation(*, right: tuple, up: tuple, backward: tuple) -> np.ndarray:
    matrix = np.array([right, up, backward], dtype=np.float64).T
    matrix.setflags(write=False)
    return matrix


OPENGL_FROM_OPENGL = _rotation(right=(1, 0, 0), up=(0, 1, 0), backward=(0, 0, 1))
"""The identity, shape (3, 3)."""

OPTICAL_FROM_OPENGL = _rotation(right=(1, 0, 0), up=(0, -1, 0), backward=(0, 0, -1))
"""REP 103 optical frames: z forward, x right, y down. Shape (3, 3)."""

BODY_FROM_OPENGL = _rotation(right=(0, -1, 0), up=(0, 0, 1), backward=(-1, 0, 0))
"""REP 103 body frames: x forward, y left, z up. Shape (3, 3)."""


class PoseConvention(Enum):
    """The axes in which a camera's orientation is given."""

    OPTICAL = 'optical'
    BODY = 'body'
    OPENGL = 'opengl'

    @property
    def from_opengl(self) -> np.ndarray:
        """Rotation from OpenGL camera axes to this convention's axes, shape (3, 3)."""
        return _FROM_OPENGL[self]


_FROM_OPENGL = {
    PoseConvention.OPTICAL: OPTICAL_FROM_OPENGL,
    PoseConvention.BODY: BODY_FROM_OPENGL,
    PoseConvention.OPENGL: OPENGL_FROM_OPENGL,
}
