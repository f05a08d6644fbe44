# SPDX-License-Identifier: Apache-2.0
"""A file that is read in pieces, wherever they lie."""

from __future__ import annotations

import os
from pathlib import Path
import stat
import threading

from nerfstudio_renderer.scene.torch_files.problems import Damaged, Refused


class Source:
    """
    An open file of a known size, read by position and never mapped.

    Reading a mapped file that somebody truncates ends the process (SIGBUS); here it is an error.
    It closes when nobody holds it any more. Any thread may read.

    :raises OSError: if it cannot be opened.
    :raises Refused: if it is a folder, a device or a pipe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        # Not to wait for somebody to write into a pipe of that name.
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except ValueError as error:  # a zero byte, or what is not of the file system's encoding
            raise Refused(f'there is no such path: {error}') from error
        status = os.fstat(self._descriptor)
        self.size = status.st_size
        """Bytes when it was opened."""
        if not stat.S_ISREG(status.st_mode):
            self.close()
            kind = 'a folder' if stat.S_ISDIR(status.st_mode) else 'a device or a pipe'
            raise Refused(f'it is {kind}; give the path of a file step-*.ckpt')

    def read(self, offset: int, size: int) -> bytes:
        """Return ``size`` bytes at ``offset``; raises Damaged where the file has fewer."""
        buffer = bytearray(size)
        self.read_into(memoryview(buffer), offset)
        return bytes(buffer)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill a buffer of bytes from ``offset``; raises Damaged where the file has fewer."""
        self.check(offset, len(buffer))
        with self._lock:  # else a number that was closed here may by now be another file
            if self._descriptor < 0:
                raise Refused('it was closed before this tensor was read')
            while buffer:
                count = os.preadv(self._descriptor, [buffer], offset)
                if count == 0:
                    raise Damaged(f'it became shorter while it was read, it ends before byte '
                                  f'{offset + len(buffer)}')
                buffer, offset = buffer[count:], offset + count

    def check(self, offset: int, size: int) -> None:
        """Raise Damaged unless these bytes were in the file when it was opened."""
        if not (offset >= 0 and size >= 0 and offset + size <= self.size):
            raise Damaged(f'bytes {offset} to {offset + size} are not in its {self.size} bytes')

    def close(self) -> None:
        """Close the file; harmless when it is closed."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        if getattr(self, '_descriptor', -1) >= 0:
            self.close()
