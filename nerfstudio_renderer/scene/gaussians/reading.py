# SPDX-License-Identifier: Apache-2.0
"""Reading a file of Gaussians, whatever its form."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.compressed_ply import is_compressed, read_compressed_ply
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.ply import read_ply
from nerfstudio_renderer.scene.gaussians.ply_header import read_ply_header
from nerfstudio_renderer.scene.gaussians.sog import META, read_sog, ZIP_MAGIC
from nerfstudio_renderer.scene.gaussians.source import Source
from nerfstudio_renderer.scene.gaussians.splat import read_splat
from nerfstudio_renderer.scene.gaussians.spz import GZIP_MAGIC, MAGIC, read_spz
from nerfstudio_renderer.scene.world import transforms_beside, WorldTransform
from nerfstudio_renderer.wording import quoted, reason

_log = logging.getLogger(__name__)

_SUFFIXES = ('.ply', '.splat', '.spz', '.sog')


def is_gaussian_file(path: Path) -> bool:
    """Return whether a path is, by its name, one that ``read_gaussians`` is for."""
    return (
        path.suffix.lower() in _SUFFIXES or path.name == META
        or (path / META).is_file() and not (path / 'config.yml').exists()
    )


def read_gaussians(path: Path | str) -> GaussianFile:
    """
    Read a .ply (also SuperSplat's compressed one), .splat or .spz file, or a scene in SOG.

    The form is told by what the file holds. No more memory is taken than a small multiple of the
    file's size; broken Gaussians are left out and counted. Nothing of the file is run.

    :param path: of SOG, the .sog file, ``meta.json``, or the folder that holds it.
    :raises SceneError: in one line, if it cannot be read, is damaged, or is no scene of Gaussians.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        path /= META
    try:
        read = _read(path)
        transforms = transforms_beside(path)
        world = WorldTransform.from_file(transforms) if transforms.is_file() else None
    except SceneError as error:
        raise SceneError(f'{quoted(str(path))} cannot be read: {error}') from error
    except (OSError, MemoryError) as error:
        raise SceneError(f'{quoted(str(path))} cannot be read: {reason(error)}') from error
    if read.left_out:
        _log.warning('%s: left out %d broken Gaussians (not finite, or without a rotation)',
                     path, read.left_out)
    return dataclasses.replace(read, world=world)


def _read(path: Path) -> GaussianFile:
    if not path.is_file():  # nor a pipe, which would be waited for
        raise SceneError('there is no such file')
    with Source(path) as source:
        start = source.start(8)
        if start.startswith((b'ply\n', b'ply\r')):
            header = read_ply_header(source)
            read = read_compressed_ply if is_compressed(header) else read_ply
            return read(source, header)
        if start.startswith((MAGIC, GZIP_MAGIC)):
            return read_spz(source)
        if start.startswith(ZIP_MAGIC) or path.suffix.lower() == '.json':
            return read_sog(source)
        if path.suffix.lower() == '.splat':
            return read_splat(source)
    raise SceneError('it is no .ply, .splat, .spz or SOG file')
