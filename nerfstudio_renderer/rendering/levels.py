# SPDX-License-Identifier: Apache-2.0
"""
The levels of a series, coarse to fine.

A level is a picture whose pixels are taken from a larger grid, the grid: every ``stride``-th
pixel, starting at ``offset``. Levels that share a grid are nested, so that a finer one only
renders what the coarser ones have not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Intrinsics, SHORTEST_FOCAL_LENGTH
from nerfstudio_renderer.defaults import DEFAULTS
from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.wording import quoted


@dataclass(frozen=True)
class Level:
    """One picture of a series: a sub-grid of a grid."""

    grid: Intrinsics
    """The grid of pixels that this level takes its own from."""
    stride: int = 1
    """Distance between neighbouring pixels, in pixels of the grid."""
    offset: int = 0
    """Column and row of the first pixel on the grid."""

    @property
    def columns(self) -> range:
        """Columns of the grid that this level renders."""
        return range(self.offset, self.grid.width, self.stride)

    @property
    def rows(self) -> range:
        """Rows of the grid that this level renders."""
        return range(self.offset, self.grid.height, self.stride)

    @property
    def intrinsics(self) -> Intrinsics:
        """
        Return the exact projection of this level's own picture.

        The centre of pixel ``i`` is that of pixel ``offset + stride * i`` of the grid:
        ``stride * (i + 0.5 - cx') = offset + stride * i + 0.5 - cx``, solved for ``cx'``.
        """
        grid, stride = self.grid, self.stride
        return replace(
            grid,
            width=len(self.columns),
            height=len(self.rows),
            fx=grid.fx / stride,
            fy=grid.fy / stride,
            cx=(grid.cx - self.offset - 0.5) / stride + 0.5,
            cy=(grid.cy - self.offset - 0.5) / stride + 0.5,
        )

    def standalone(self) -> Level:
        """Return the same picture on a grid of its own, for engines that cannot skip pixels."""
        return Level(grid=self.intrinsics)


class Levels(Protocol):
    """Chooses the levels of an update."""

    def levels(self, full: Intrinsics) -> tuple[Level, ...]:
        """Return the levels for a camera whose full picture is ``full``, coarse to fine."""
        ...


@dataclass(frozen=True)
class StrideLevels:
    """Nested sub-grids of the full picture."""

    strides: tuple[int, ...]
    """Strides, coarse to fine; each is a multiple of the next."""

    def __post_init__(self) -> None:
        """Refuse strides whose grids are not nested."""
        strides = tuple(self.strides)
        if not strides or any(type(stride) is not int or stride < 1 for stride in strides):
            raise ConfigurationError(
                f'levels {quoted(list(strides))} must be one or more strides of at least 1, whole '
                'numbers such as 16, 8, 4, 2, 1'
            )
        for coarse, fine in pairwise(strides):
            if coarse <= fine or coarse % fine:
                raise ConfigurationError(
                    f'levels {quoted(list(strides))}: {coarse} must be a larger multiple of '
                    f'{fine}, so that finer levels reuse the pixels of coarser ones; '
                    'try 16, 8, 4, 2, 1'
                )
        object.__setattr__(self, 'strides', strides)

    def levels(self, full: Intrinsics) -> tuple[Level, ...]:
        """
        Return a level for each stride that still leaves a pixel in both directions.

        A picture that is smaller than all strides has one level, its own.
        """
        levels = (
            Level(full, stride, offset)
            for stride, offset in zip(self.strides, _nested_offsets(self.strides), strict=True)
        )
        shortest = min(full.fx, full.fy)
        fitting = tuple(
            level for level in levels
            if level.columns and level.rows and shortest / level.stride >= SHORTEST_FOCAL_LENGTH
        )
        return fitting or (Level(full),)


@dataclass(frozen=True)
class ImageLevels:
    """Independent pictures of given sizes and fields of view; nothing is shared between them."""

    images: tuple[Intrinsics, ...]
    """Projection of each level, coarse to fine."""

    def levels(self, full: Intrinsics) -> tuple[Level, ...]:
        """Return a level for each picture, whatever the camera's own size."""
        return tuple(Level(image) for image in self.images)


@dataclass(frozen=True)
class Quality:
    """How fine the images of an update become, and how soon the first one comes."""

    levels: Levels = StrideLevels(DEFAULTS.levels)
    """The levels of the series."""
    target_latency_s: float = DEFAULTS.target_latency_ms / 1e3
    """Coarse levels are left out while the first image still comes within this many seconds."""


def first_level(levels: Sequence[Level], is_affordable: Callable[[int], bool]) -> int:
    """
    Return the index of the finest level that is affordable, else 0.

    :param is_affordable: of a number of pixels.
    """
    affordable = (
        index
        for index, level in enumerate(levels)
        if is_affordable(level.intrinsics.pixel_count)
    )
    return max(affordable, default=0)


def _nested_offsets(strides: Sequence[int]) -> list[int]:
    """
    Return the offset of each stride's grid.

    Each grid contains the coarser ones (its offset is theirs modulo its stride), and lies as near
    as that allows to the middle of its cells, so that a coarse picture stretched to full size
    does not seem to shift when a finer one replaces it.
    """
    offsets: list[int] = []
    finer_stride, finer_offset = 1, 0
    for stride in reversed(strides):
        # Of finer_offset + n * finer_stride the nearest to (stride - 1) / 2, the lower of two: n
        # is ((stride - 1) / 2 - finer_offset) / finer_stride - 1 / 2, rounded up.
        above = stride - 1 - 2 * finer_offset - finer_stride
        finer_offset += max(-(-above // (2 * finer_stride)), 0) * finer_stride
        finer_stride = stride
        offsets.append(finer_offset)
    return offsets[::-1]
