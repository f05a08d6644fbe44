# SPDX-License-Identifier: Apache-2.0
"""``meta.json`` of SOG, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.quantised import opacity_logits
from nerfstudio_renderer.wording import quoted, reason
import numpy as np

_PICTURES = {'means': 2, 'scales': 1, 'quats': 1, 'sh0': 1}
_ALL_SETS = 1 << 16


@dataclass(frozen=True)
class SogSets:
    """Sets of harmonics that many Gaussians share."""

    file_name: str
    """Of the picture that has them, 64 in a row."""
    count: int
    """How many there are, up to 65,536."""
    table: np.ndarray
    """Coefficients by byte, float32 of shape (256,)."""
    degree: int | None
    """1 to 3; None in version 1, where the width of the picture says it."""


@dataclass(frozen=True)
class SogMeta:
    """What is needed to decode the pictures; NaN in a table is what a file has no number for."""

    version: int
    """1 or 2."""
    count: int
    """Gaussians."""
    antialiased: bool | None
    """None if the file does not say."""
    pictures: dict[str, list[str]]
    """File names by what they show, a pixel for each Gaussian."""
    least: np.ndarray
    """Of the means' signed logarithms, sign(x) ln(1 + |x|); float32 of shape (3,)."""
    most: np.ndarray
    """As ``least``."""
    log_scales: np.ndarray
    """By axis and byte, float32 of shape (3, 256)."""
    dc: np.ndarray
    """Coefficients of the constant harmonic by channel and byte, float32 of shape (3, 256)."""
    opacity_logits: np.ndarray
    """By byte, float32 of shape (256,)."""
    sets: SogSets | None
    """The other harmonics."""

    @property
    def file_names(self) -> list[str]:
        """Return the names of all pictures."""
        names = [name for names in self.pictures.values() for name in names]
        return names + ([self.sets.file_name] if self.sets else [])


def read_meta(content: bytes) -> SogMeta:
    """
    Read ``meta.json``.

    :raises SceneError: if it is of another version, damaged, or lacks something.
    """
    try:
        meta = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SceneError(f'it is damaged: {reason(error)}') from error
    if not isinstance(meta, dict) or not isinstance(meta.get('means'), dict):
        raise SceneError("it has no 'means', so it is no scene in SOG")
    version = meta.get('version', 1)
    if version not in (1, 2):
        raise SceneError(f'it is of version {quoted(version)} of SOG; 1 and 2 can be read')
    return _meta(meta, int(version))


def _meta(meta: dict[str, Any], version: int) -> SogMeta:
    pictures = {
        name: _files(_part(meta, name), name, count) for name, count in _PICTURES.items()
    }
    means, scales, sh0 = (_part(meta, name) for name in ('means', 'scales', 'sh0'))
    sets = None
    if meta.get('shN') is not None:
        rest = _part(meta, 'shN')
        degree = _degree(rest) if version == 2 else None
        if degree != 0:
            file_name, labels = _files(rest, 'shN', 2)
            pictures['shN'] = [labels]
            sets = SogSets(file_name, *_set_table(rest, version), degree)
    return SogMeta(
        version=version,
        count=_count(meta.get('count') if version == 2 else _rows(means)),
        antialiased=meta.get('model') == 'antialiased' if 'model' in meta else None,
        pictures=pictures,
        least=_numbers(means, 'means', 'mins', 3),
        most=_numbers(means, 'means', 'maxs', 3),
        log_scales=_tables(scales, 'scales', version, 3),
        dc=_tables(sh0, 'sh0', version, 3),
        opacity_logits=opacity_logits(np.arange(256)) if version == 2
        else _tables(sh0, 'sh0', version, 4)[3],
        sets=sets,
    )


def _part(meta: Mapping[str, Any], name: str) -> dict[str, Any]:
    part = meta.get(name)
    if not isinstance(part, dict):
        raise SceneError(f'it lacks {name!r}')
    return part


def _rows(part: Mapping[str, Any]) -> object:
    shape = part.get('shape')
    return shape[0] if isinstance(shape, list) and shape else None


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise SceneError(f'its count {quoted(value)} is no number of Gaussians')
    return value


def _files(part: Mapping[str, Any], name: str, count: int) -> list[str]:
    files = part.get('files')
    if not isinstance(files, list) or len(files) != count:
        raise SceneError(f'{name!r} does not name its {count} files')
    for each in files:
        # Never a path that leads elsewhere.
        if not isinstance(each, str) or not each or {*each} & {'/', '\\', '\0', ':'}:
            raise SceneError(f'{name!r} names a file {quoted(each)}, which is no file beside it')
    return files


def _degree(rest: Mapping[str, Any]) -> int:
    bands = rest.get('bands')
    if type(bands) is not int or not 0 <= bands <= 3:
        raise SceneError(f"its 'shN' has {quoted(bands)} bands; 0 to 3 can be rendered")
    return bands


def _set_table(rest: Mapping[str, Any], version: int) -> tuple[int, np.ndarray]:
    if version == 1:
        ends = [_numbers({'_': [rest.get(end)]}, 'shN', '_', 1)[0] for end in ('mins', 'maxs')]
        return _ALL_SETS, _between(*ends)
    return min(_count(rest.get('count')), _ALL_SETS), _codebook(rest, 'shN')


def _tables(part: Mapping[str, Any], name: str, version: int, channels: int) -> np.ndarray:
    if version == 2:
        return np.broadcast_to(_codebook(part, name), (channels, 256))
    ends = [_numbers(part, name, end, channels) for end in ('mins', 'maxs')]
    return np.stack([_between(*each) for each in zip(*ends, strict=True)])


def _between(least: np.float32, most: np.float32) -> np.ndarray:
    with np.errstate(over='ignore', invalid='ignore'):  # what is not finite is left out
        return np.linspace(least, most, 256, dtype=np.float32)


def _codebook(part: Mapping[str, Any], name: str) -> np.ndarray:
    book = _numbers(part, name, 'codebook', None)
    table = np.full(256, np.nan, np.float32)
    table[:len(book)] = book
    return table


def _numbers(part: Mapping[str, Any], name: str, key: str, count: int | None) -> np.ndarray:
    """Return a list of so many finite numbers; None for 1 to 256, more are allowed otherwise."""
    values = part.get(key)
    try:
        with np.errstate(over='ignore'):
            numbers = np.array(values, np.float64).astype(np.float32)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(0)
    least, most = (1, 256) if count is None else (count, 256)
    if numbers.ndim != 1 or not least <= len(numbers) <= most or not np.isfinite(numbers).all():
        raise SceneError(f'{key!r} of its {name!r} is {quoted(values)}, not '
                         f'{count or "1 to 256"} finite numbers')
    return numbers[:count]
