# SPDX-License-Identifier: Apache-2.0
"""The room around the cell, in the cell frame: floor, ceiling, walls and lamps."""

from __future__ import annotations

import numpy as np

from .geometry import rectangle, Solid
from .lights import AreaLight
from .materials import (
    blend,
    bricks,
    checker,
    dots,
    framed,
    Material,
    plain,
    stripes,
    waves,
    within,
)

ROOM = np.array([6.0, 5.0, 2.8])
"""Inner size along x, y, z, metres; centred on the cell's origin, floor at 0."""
LIGHTS = (
    AreaLight('left lamp', (-1.9, -0.7, 2.79), (0.5, 1.4), 16.0),
    AreaLight('right lamp', (1.2, -0.5, 2.79), (0.5, 1.4), 9.5),
)
"""What lights the cell, besides the ambient light."""


def shell() -> list[Solid]:
    """Return floor, ceiling and walls; they enclose everything."""
    x, y, z = ROOM
    low, high = (-x / 2, -y / 2, 0.0), (x / 2, y / 2, z)
    return [
        rectangle('floor', low, (x, 0, 0), (0, y, 0), _floor()),
        rectangle('ceiling', (low[0], low[1], z), (x, 0, 0), (0, y, 0), _ceiling()),
        rectangle('wall -x', low, (0, y, 0), (0, 0, z), _brick_wall()),
        rectangle('wall +x', high, (0, -y, 0), (0, 0, -z), _striped_wall()),
        rectangle('wall -y', low, (x, 0, 0), (0, 0, z), _dotted_wall()),
        rectangle('wall +y', high, (-x, 0, 0), (0, 0, -z), _panelled_wall()),
    ]


def _floor() -> Material:
    tiles = checker('a9adb0', '6f767b', 0.5)
    tape = stripes('f2b51d', '2c2c2e', 0.2, (1, 1, 0))
    zone = blend(tiles, tape, within((-1.5, -1.2), (1.5, 1.2), (0, 1)))
    return blend(zone, tiles, within((-1.36, -1.06), (1.36, 1.06), (0, 1)))


def _ceiling() -> Material:
    return checker('e9e6df', 'd3d3d0', 1.0)


def _brick_wall() -> Material:
    brick = waves('a4513a', 'c47a58', (0.3, 0.55, 1.3))
    wall = bricks(brick, 'd8cfc4', 0.5, 0.2, axis=1)
    return blend(plain('e4dccf'), wall, within((-9.0, -1.0), (9.0, 2.0), (1, 2)))


def _striped_wall() -> Material:
    wall = waves('7fa3b5', 'b7cfd8', (0.0, 0.9, 0.25))
    board = framed(
        checker('f4f1e8', '2f6f8f', 0.3, (1, 2)), '30353a', (3.0, 0.6, 1.5), (1, 1.8, 1.2), 0.06
    )
    wall = blend(wall, board, within((-0.3, 0.9), (1.5, 2.1), (1, 2)))
    return blend(wall, plain('3f5666'), within((-9.0, -1.0), (9.0, 0.35), (1, 2)))


def _dotted_wall() -> Material:
    pegs = dots('e6c98f', '9c5a3c', 0.4, 0.11, (0, 2))
    return blend(waves('7d8f5a', 'a8b883', (0.7, 0.0, 0.4)), pegs,
                 within((-2.0, 0.8), (2.0, 2.4), (0, 2)))


def _panelled_wall() -> Material:
    wall = stripes('d9d2e0', 'b9accb', 0.3, (1, 0, 0))
    wall = blend(wall, stripes('7a5ea8', '5b438a', 0.3, (1, 0, 0)),
                 within((-9.0, -1.0), (9.0, 0.9), (0, 2)))
    return blend(wall, dots('f0ead6', 'd2452f', 1.0, 0.32, (0, 2)),
                 within((-2.0, 1.0), (1.0, 2.0), (0, 2)))


def lamps() -> list[Solid]:
    """Return the glowing surfaces of the lights."""
    return [
        rectangle(
            light.name, light.corner, (light.size[0], 0, 0), (0, light.size[1], 0),
            plain('ffffff'), emission=1.6,
        )
        for light in LIGHTS
    ]
