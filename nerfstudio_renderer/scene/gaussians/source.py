# SPDX-License-Identifier: Apache-2.0
"""The bytes of a file, which may be damaged, change meanwhile, or promise too much."""

from __future__ import annotations

import os
from pathlib import Path

from nerfstudio_renderer.errors import SceneError
import numpy as np

# A Gaussian has 15 bytes at least before compression, and compresses to 4 or more in any real
# scene. Small files may be of a pattern that compresses better.
_LEAST_BYTES = 4
_SMALL = 1 << 17


class Source:
    """
    An open file.

    Not mapped into memory: a mapped file that somebody truncates ends the process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        """Where it is."""
        self._file = path.open('rb', buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes that it had when it was opened."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def start(self, size: int) -> bytes:
        """Return the first ``size`` bytes, or all if there are fewer."""
        return bytes(self.read(0, min(size, self.size)))

    def read(self, offset: int, size: int) -> bytearray:
        """
        Return bytes of the file.

        :raises SceneError: if it ends before.
        """
        if offset + size > self.size:
            raise SceneError(f'it is cut off: it has {self.size} bytes of {offset + size}')
        content = bytearray(size)
        view, done = memoryview(content), 0
        while done < size:
            count = os.preadv(self._file.fileno(), [view[done:]], offset + done)
            if count == 0:
                raise SceneError(f'it ends after {offset + done} bytes; was it changed meanwhile?')
            done += count
        return content

    def rows(self, dtype: np.dtype, offset: int, count: int) -> np.ndarray:
        """Return ``count`` records that begin at ``offset``."""
        return np.frombuffer(self.read(offset, count * dtype.itemsize), dtype)


def check_plausible(count: int, size: int) -> None:
    """
    Refuse a compressed file that claims to hold more than any scene of its size.

    :param count: Gaussians that it claims.
    :param size: its bytes, compressed.
    :raises SceneError: before memory is taken for them.
    """
    if count > _SMALL + size // _LEAST_BYTES:
        raise SceneError(f'it claims {count} Gaussians, more than its {size} bytes can hold')
