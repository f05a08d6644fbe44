# SPDX-License-Identifier: Apache-2.0
"""
What a flight leaves: what was sent and what arrived, as frozen values.

Times ending in ``_s`` are seconds of the client's monotonic clock. Stamps ending in ``_ns`` are
nanoseconds of the system's clock, which the client and the renderer share: both run on one
machine. So the newest pose sent before an update's stamp is the one that the update renders.
(A pose that is sent in the moment between the renderer's taking one and its reading the clock is
mistaken for it; that moment is short against the time between two poses.)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
import math
from typing import NamedTuple


@dataclass(frozen=True)
class View:
    """The finest picture that was asked for, and the series that leads to it."""

    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    fov_y_deg: float
    """Vertical field of view, degrees."""
    levels: tuple[int, ...]
    """Strides, coarse to fine."""

    @property
    def focal(self) -> float:
        """Focal length in both directions, pixels."""
        return self.height / (2.0 * math.tan(math.radians(self.fov_y_deg) / 2.0))


class Header(NamedTuple):
    """The header of a message."""

    stamp_ns: int
    frame_id: str


class Key(NamedTuple):
    """What messages about the same frame have in common."""

    stamp_ns: int
    width: int
    height: int


class Order(NamedTuple):
    """The place of a frame among all frames."""

    sequence: int
    level: int

    def __str__(self) -> str:
        return f'({self.sequence}, {self.level})'


@dataclass(frozen=True)
class Info:
    """A FrameInfo message."""

    arrived_s: float
    header: Header
    order: Order
    level_count: int
    """Levels in the series of the update."""
    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    render_time_s: float
    """Seconds that the renderer spent on this level."""
    latency_s: float
    """Seconds in the renderer, from the pose's receipt to this frame."""

    @property
    def key(self) -> Key:
        """Return what the image and the calibration of this frame have too."""
        return Key(self.header.stamp_ns, self.width, self.height)

    @property
    def is_finest(self) -> bool:
        """Whether no better picture of the update follows."""
        return self.order.level == self.level_count - 1


@dataclass(frozen=True)
class Picture:
    """An Image message, without its pixels."""

    arrived_s: float
    header: Header
    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    encoding: str
    step: int
    """Bytes in a row."""
    byte_count: int
    """Bytes in all rows."""
    checksum: int
    """CRC-32 of the bytes."""

    @property
    def key(self) -> Key:
        """Return what the information and the calibration of this frame have too."""
        return Key(self.header.stamp_ns, self.width, self.height)


@dataclass(frozen=True)
class Calibration:
    """A CameraInfo message."""

    arrived_s: float
    header: Header
    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    k: tuple[float, ...]
    """Intrinsics, row-major 3 x 3, pixels."""
    p: tuple[float, ...]
    """Projection, row-major 3 x 4, pixels."""

    @property
    def key(self) -> Key:
        """Return what the image and the information of this frame have too."""
        return Key(self.header.stamp_ns, self.width, self.height)


@dataclass(frozen=True)
class Answer:
    """What ``get_frame`` answered."""

    asked_s: float
    arrived_s: float
    client: str
    """The name that the question gave."""
    available: bool
    """Whether there was an unseen frame."""
    info: Info
    picture: Picture


class PoseKind(Enum):
    """Why a pose was sent."""

    GREETING = 'greeting'
    """The very first one."""
    DEPARTURE = 'departure'
    """The first one after a rest: the renderer was idle."""
    MOVING = 'moving'
    """One of a steady stream."""
    ARRIVAL = 'arrival'
    """The last one before a rest."""
    REPEAT = 'repeat'
    """The same as the one before, while pictures of it come: must not start anew."""
    RETRY = 'retry'
    """The same as the one before, since no picture of it came: best effort may lose a pose."""

    @property
    def is_new(self) -> bool:
        """Whether the camera moved."""
        return self not in (PoseKind.REPEAT, PoseKind.RETRY)

    @property
    def is_in_stream(self) -> bool:
        """Whether another pose was sent shortly before."""
        return self in (PoseKind.MOVING, PoseKind.ARRIVAL)


@dataclass(frozen=True)
class SentPose:
    """A pose that was published."""

    sent_s: float
    stamp_ns: int
    kind: PoseKind


@dataclass(frozen=True)
class Leg:
    """A stretch of the flight in which poses came steadily."""

    began_s: float
    ended_s: float


@dataclass(frozen=True)
class Rest:
    """A stop after a leg."""

    began_s: float
    ended_s: float
    finest: Order | None
    """The finest frame of the pose at rest; None if it did not come."""


@dataclass(frozen=True)
class Recording:
    """Everything about a flight but the pixels; each tuple is in the order of its events."""

    view: View
    poses: tuple[SentPose, ...]
    legs: tuple[Leg, ...]
    rests: tuple[Rest, ...]
    infos: tuple[Info, ...]
    pictures: tuple[Picture, ...]
    calibrations: tuple[Calibration, ...]
    answers: tuple[Answer, ...]

    def pose_of(self, stamp_ns: int) -> SentPose | None:
        """Return the pose that an update with this stamp renders; None if it came before all."""
        return newest_before(self.poses, stamp_ns)


def newest_before(poses: Sequence[SentPose], stamp_ns: int) -> SentPose | None:
    """Return the last of ``poses`` that was sent no later than ``stamp_ns``."""
    count = bisect_right(poses, stamp_ns, key=lambda pose: pose.stamp_ns)
    return poses[count - 1] if count else None
