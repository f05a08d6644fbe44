# SPDX-License-Identifier: Apache-2.0
"""A flight that never took place, in which the renderer kept every promise."""

from __future__ import annotations

import zlib

from examples.demo.film import Film
from examples.demo.records import (
    Answer,
    Calibration,
    Header,
    Info,
    Key,
    Leg,
    Order,
    Picture,
    PoseKind,
    Recording,
    Rest,
    SentPose,
    View,
)
from nerfstudio_renderer import Intrinsics, StrideLevels
import numpy as np

VIEW = View(width=32, height=18, fov_y_deg=50.0, levels=(4, 2, 1))
LEVELS = [level.intrinsics for level in StrideLevels(VIEW.levels).levels(
    Intrinsics.from_fov_y(VIEW.width, VIEW.height, VIEW.fov_y_deg)
)]
SIZES = [(8, 4), (16, 9), (32, 18)]

WAY_S = 0.01
"""From publishing a pose to the renderer's receiving it."""
RENDER_S = (0.1, 0.2, 0.4)
"""The renderer's time for each level."""
BACK_S = 0.02
"""From finishing a frame to its arrival."""
LEG_S = 3.0
POSES = 4
"""In a leg, one a second: of each, the two coarsest levels arrive."""


class SyntheticFlight:
    """Builds the recording as time goes on."""

    def __init__(self, legs: int = 2) -> None:
        self.film = Film()
        self.now_s = 100.0
        self._sequence = 0
        self._poses: list[SentPose] = []
        self._legs: list[Leg] = []
        self._rests: list[Rest] = []
        self._infos: list[Info] = []
        self._pictures: list[Picture] = []
        self._calibrations: list[Calibration] = []
        self._answers: list[Answer] = []
        self._update(PoseKind.GREETING, levels=1)
        for leg in range(legs):
            self._fly_leg(leg)
            self._rest(leg)

    def recording(self) -> Recording:
        """Return the whole flight."""
        return Recording(
            VIEW, *map(tuple, (self._poses, self._legs, self._rests, self._infos, self._pictures,
                               self._calibrations, self._answers))
        )

    def _fly_leg(self, leg: int) -> None:
        began_s = self.now_s
        for number in range(POSES - 1):
            self._update(PoseKind.DEPARTURE if leg and not number else PoseKind.MOVING, levels=2)
            self.now_s = began_s + number + 1
        self._legs.append(Leg(began_s, self.now_s))

    def _rest(self, leg: int) -> None:
        began_s = self.now_s
        self._update(PoseKind.ARRIVAL, levels=3)
        self._send(PoseKind.REPEAT)
        self.film.keep_series()
        for client, available in (('watcher', True), ('watcher', False), (f'visitor {leg}', True)):
            self.now_s += 0.1
            self._answer(client, available)
        self._rests.append(Rest(began_s, self.now_s, self._infos[-1].order))
        self.now_s += 0.1

    def _send(self, kind: PoseKind) -> None:
        self._poses.append(SentPose(self.now_s, _ns(self.now_s), kind))

    def _update(self, kind: PoseKind, levels: int) -> None:
        self._send(kind)
        self._sequence += 1
        received_s = self.now_s + WAY_S
        header = Header(_ns(received_s), 'camera')
        for level in range(levels):
            latency_s = sum(RENDER_S[: level + 1])
            self.now_s = received_s + latency_s + BACK_S
            self._arrive(header, Order(self._sequence, level), latency_s)

    def _arrive(self, header: Header, order: Order, latency_s: float) -> None:
        pinhole = LEVELS[order.level]
        size = (pinhole.width, pinhole.height)
        fx, fy, cx, cy = pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy
        self._infos.append(Info(
            self.now_s, header, order, len(LEVELS), *size, RENDER_S[order.level], latency_s
        ))
        self._calibrations.append(Calibration(
            self.now_s, header, *size, (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0),
            (fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0),
        ))
        pixels = np.full((*size[::-1], 3), colour(order), dtype=np.uint8)
        self._pictures.append(Picture(
            self.now_s, header, *size, 'rgb8', 3 * size[0], pixels.size, zlib.crc32(pixels)
        ))
        self.film.expose(self.now_s, Key(header.stamp_ns, *size), pixels)

    def _answer(self, client: str, available: bool) -> None:
        info, picture = self._infos[-1], self._pictures[-1]
        if not available:
            nobody = Header(0, '')
            info = Info(self.now_s, nobody, Order(0, 0), 0, 0, 0, 0.0, 0.0)
            picture = Picture(self.now_s, nobody, 0, 0, '', 0, 0, 0)
        self._answers.append(
            Answer(self.now_s - 0.01, self.now_s, client, available, info, picture)
        )


def colour(order: Order) -> tuple[int, int, int]:
    """Return the colour of all pixels of a frame."""
    return 9 * order.sequence, 80 * order.level, 128


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
