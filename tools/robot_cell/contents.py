# SPDX-License-Identifier: Apache-2.0
"""What stands in the room, in the cell frame: table, robot, workpieces and the rest."""

from __future__ import annotations

from .geometry import box, cylinder, Solid, sphere, Vector
from .materials import framed, plain, stripes, waves

TABLE_TOP = 0.75
"""Height of the table's surface, metres."""


def table() -> list[Solid]:
    """Return the table, with a shelf and a crate under its top."""
    centre, size = (0, 0, TABLE_TOP - 0.03), (1.7, 1.1, 0.06)
    wood = framed(waves('c99a63', 'a87543', (0.35, 4.5, 0.0)), '5d4630', centre, size, 0.04)
    legs = [
        box(f'leg {x} {y}', (x, y, 0.345), (0.08, 0.08, 0.69), plain('4a4e54'))
        for x in (-0.76, 0.76) for y in (-0.46, 0.46)
    ]
    shelf = box('shelf', (0, 0, 0.2), (1.44, 0.84, 0.04), plain('8b9299'))
    crate = _framed_box('crate below', (0.25, 0.05, 0.345), (0.6, 0.45, 0.25), '3d7d6b', 'd9e3dc')
    return [box('table top', centre, size, wood), *legs, shelf, crate]


def robot() -> list[Solid]:
    """Return the robot arm that stands on the table."""
    orange, dark, steel = plain('e8701a'), plain('33383e'), plain('b4bac0')
    base, shoulder = (-0.45, 0.12, 0.75), (-0.45, 0.12, 1.12)
    elbow, wrist = (-0.22, 0.04, 1.5), (0.22, -0.08, 1.3)
    tool = (0.22, -0.08, 1.12)
    return [
        box('plinth', (base[0], base[1], 0.775), (0.34, 0.34, 0.05), dark),
        cylinder('pedestal', (*base[:2], 0.8), shoulder, 0.11, orange),
        sphere('shoulder', shoulder, 0.12, dark),
        cylinder('upper arm', shoulder, elbow, 0.07, orange),
        sphere('elbow', elbow, 0.09, dark),
        cylinder('forearm', elbow, wrist, 0.055, orange),
        sphere('wrist', wrist, 0.07, dark),
        cylinder('flange', wrist, tool, 0.035, steel),
        box('palm', (0.22, -0.08, 1.1), (0.16, 0.06, 0.04), dark),
        box('finger left', (0.155, -0.08, 1.04), (0.03, 0.05, 0.1), steel),
        box('finger right', (0.285, -0.08, 1.04), (0.03, 0.05, 0.1), steel),
    ]


def workpieces() -> list[Solid]:
    """Return what lies on the table."""
    z = TABLE_TOP
    return [
        _framed_box('red box', (0.22, -0.08, z + 0.13), (0.2, 0.2, 0.26), 'c8322b', 'f3e3c8'),
        _framed_box('green box', (0.6, 0.28, z + 0.14), (0.28, 0.3, 0.28), '2f8f4e', '1c4e33'),
        box('blue box', (0.62, -0.3, z + 0.1), (0.3, 0.22, 0.2),
            stripes('2a5fb0', 'e8edf2', 0.08, (1, 0, 0))),
        box('yellow box', (0.6, 0.28, z + 0.35), (0.16, 0.16, 0.14), plain('f0c52e')),
        cylinder('drum', (-0.1, 0.38, z), (-0.1, 0.38, z + 0.24), 0.1,
                 stripes('18a0a5', 'f1f1ea', 0.08, (0, 0, 1))),
        cylinder('roll', (-0.62, -0.36, z + 0.08), (-0.2, -0.36, z + 0.08), 0.08,
                 stripes('b03a7a', 'f0d7e4', 0.105, (1, 0, 0))),
        sphere('ball', (0.2, 0.36, z + 0.09), 0.09, plain('dfe3e6')),
    ]


def surroundings() -> list[Solid]:
    """Return what stands along the walls."""
    cabinet = framed(stripes('51708c', '6f8ea8', 0.3, (0, 0, 1)), '24303a',
                     (2.7, 2.05, 0.95), (0.56, 0.8, 1.9), 0.05)
    barrel = stripes('2456a6', 'e9b61c', 0.22, (0, 0, 1))
    return [
        box('cabinet', (2.7, 2.05, 0.95), (0.56, 0.8, 1.9), cabinet),
        cylinder('barrel', (-2.55, 2.05, 0), (-2.55, 2.05, 0.9), 0.3, barrel),
        _framed_box('crate', (-2.6, -2.05, 0.35), (0.7, 0.7, 0.7), 'b58a55', '7a5a33'),
        _framed_box('small crate', (-2.6, -2.1, 0.9), (0.4, 0.4, 0.4), '8fa646', '4e5c25'),
        _framed_box('pallet', (2.4, -2.0, 0.15), (0.9, 0.8, 0.3), 'd0a468', '96703f'),
        cylinder('bin', (2.4, -2.0, 0.3), (2.4, -2.0, 0.85), 0.25, plain('3c9d58')),
    ]


def _framed_box(name: str, centre: Vector, size: Vector, inner: str, frame: str) -> Solid:
    border = 0.12 * min(size)
    return box(name, centre, size, framed(plain(inner), frame, centre, size, max(border, 0.03)))
