# SPDX-License-Identifier: Apache-2.0
"""Decompressing zstd, where Python or a package of the user's can."""

from __future__ import annotations

import io

from nerfstudio_renderer.errors import SceneError

# A stream's window is memory that is taken before its content comes.
_LARGEST_WINDOW = 27  # as a power of two: 128 MiB, the most that zstd's own command reads unasked


def decompressed(content: bytes, size: int) -> bytes:
    """
    Return what has been compressed; no more memory is taken than that needs.

    :param size: bytes that it has.
    :raises SceneError: if it has others, is damaged, or there is nothing here that reads it.
    """
    try:
        plain = _decompressed(content, size + 1)
    except ImportError:
        raise SceneError('version 4 of .spz is compressed with zstd: pip install zstandard, '
                         'or save it as version 3') from None
    if len(plain) != size:
        raise SceneError('a stream has other bytes than its directory says')
    return plain


def _decompressed(content: bytes, most: int) -> bytes:
    try:
        from compression import zstd  # Python 3.14 and later
    except ImportError:
        return _by_package(content, most)
    window = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
    try:
        return zstd.ZstdDecompressor(options=window).decompress(content, most)
    except zstd.ZstdError as error:
        raise SceneError(f'a stream is damaged: {error}') from error


def _by_package(content: bytes, most: int) -> bytes:
    import zstandard
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _LARGEST_WINDOW)
    try:
        # Not its decompress, which takes as much memory as the stream itself claims.
        with decompressor.stream_reader(io.BytesIO(content)) as reader:
            return reader.read(most)
    except zstandard.ZstdError as error:
        raise SceneError(f'a stream is damaged: {error}') from error
