# SPDX-License-Identifier: Apache-2.0
"""The content of a file of ``torch.save``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.torch_files.archive import Archive
from nerfstudio_renderer.scene.torch_files.unpickler import TorchUnpickler
from nerfstudio_renderer.wording import quoted, reason

_PICKLE = 'data.pkl'
_LARGEST_PICKLE = 32 << 20  # names and shapes, some hundred bytes a tensor; no elements


def read_torch_file(path: Path) -> Any:
    """
    Return what ``torch.save`` wrote, its tensors as ``StoredTensor``.

    :raises SceneError: if it is damaged, or holds anything but tensors, containers and plain
        values; nothing of it is run.
    """
    try:
        return _content(Archive(path))
    except SceneError as error:
        raise SceneError(f'checkpoint {quoted(str(path))} cannot be read: {error}'
                         ) from error.__cause__
    except Exception as error:  # what the standard library raises on damaged files
        raise SceneError(f'checkpoint {quoted(str(path))} cannot be read, it may be damaged: '
                         f'{reason(error)}') from error


def _content(archive: Archive) -> Any:
    if _PICKLE not in archive or 'constants.pkl' in archive:
        raise SceneError('it is no file of torch.save with tensors, but another archive')
    record = archive.record(_PICKLE)
    if record.size > _LARGEST_PICKLE:
        raise SceneError(f'its structure takes {record.size >> 20} MiB, more than any has')
    unpickler = TorchUnpickler(
        bytes(archive.read(record.offset, record.size)), archive, _is_little_endian(archive)
    )
    return unpickler.load()


def _is_little_endian(archive: Archive) -> bool:
    if 'byteorder' not in archive:
        return True  # older versions of PyTorch, which had no other
    record = archive.record('byteorder')
    return bytes(archive.read(record.offset, min(record.size, 8))) != b'big'
