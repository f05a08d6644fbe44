# SPDX-License-Identifier: Apache-2.0
"""
The figures of a flight.

A pose is matched with its pictures by their stamp (see ``records``). A latency at the client runs
from publishing the pose to receiving the picture, so it holds everything that is between: both
ways through the middleware, and waiting for a coarsest level of an earlier pose to be finished.
Poses that were overtaken before anything was rendered of them have no latency, and are counted
as updates without a picture instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from examples.demo.records import Info, Picture, PoseKind, Recording
import numpy as np


@dataclass(frozen=True)
class Percentiles:
    """A sample in short, seconds."""

    count: int
    p50: float | None
    """None without a sample, like the next."""
    p95: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Percentiles:
        """Return the percentiles of ``values``."""
        sample = list(values)
        if not sample:
            return cls(0, None, None)
        p50, p95 = (round(float(np.percentile(sample, rank)), 6) for rank in (50, 95))
        return cls(len(sample), p50, p95)


@dataclass(frozen=True)
class Latency:
    """The same latency as seen from both ends."""

    client: Percentiles
    """From publishing the pose to receiving the image."""
    node: Percentiles
    """From receiving the pose to finishing the frame, as frame_info has it."""


@dataclass(frozen=True)
class Latencies:
    """The latencies of a flight, seconds."""

    first_from_idle: Latency
    """First picture of the poses that found the renderer idle."""
    first_moving: Latency
    """First picture of the poses in a steady stream, where there was one."""
    finest_resting: Latency
    """Finest picture of the poses at rest."""


@dataclass(frozen=True)
class Updates:
    """Camera updates."""

    sent: int
    """Poses that differ from the one before."""
    repeated: int
    """Poses that do not."""
    seen: int
    """How many the renderer has accepted: the greatest sequence."""
    pictured: int
    """Of how many a picture arrived."""


@dataclass(frozen=True)
class Arrivals:
    """Messages that arrived."""

    frame_infos: int
    images: int
    camera_infos: int
    unpaired: int
    """Images and camera_infos whose frame_info was overtaken."""
    answers: int
    """Of get_frame, with a frame."""
    empty_answers: int


@dataclass(frozen=True)
class LevelAtStop:
    """One picture of a pose at rest."""

    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    latency_s: float | None
    """At the client, seconds."""


@dataclass(frozen=True)
class Stop:
    """What arrived of a pose at rest."""

    sequence: int
    """Of its update."""
    levels: tuple[LevelAtStop, ...]
    """Coarse to fine."""


@dataclass(frozen=True)
class Figures:
    """Everything that is counted and measured."""

    updates: Updates
    arrivals: Arrivals
    latency_s: Latencies
    stops: tuple[Stop, ...]
    rays_per_second: float | None
    """Newly rendered pixels per second of rendering; None if nothing was rendered."""


def figures(recording: Recording) -> Figures:
    """Return the figures of ``recording``."""
    return Figures(
        updates=_updates(recording),
        arrivals=_arrivals(recording),
        latency_s=Latencies(
            first_from_idle=_latency(recording, _first_pictures(recording, in_stream=False)),
            first_moving=_latency(recording, _first_pictures(recording, in_stream=True)),
            finest_resting=_latency(recording, _finest_pictures(recording)),
        ),
        stops=tuple(
            _stop(recording, rest.finest.sequence) for rest in recording.rests if rest.finest
        ),
        rays_per_second=_rays_per_second(recording.infos),
    )


def client_latency_s(recording: Recording, picture: Picture) -> float | None:
    """Return the seconds from publishing the pose to receiving ``picture`` of it."""
    pose = recording.pose_of(picture.header.stamp_ns)
    return None if pose is None else round(picture.arrived_s - pose.sent_s, 6)


def _updates(recording: Recording) -> Updates:
    moves = sum(pose.kind.is_new for pose in recording.poses)
    return Updates(
        sent=moves,
        repeated=len(recording.poses) - moves,
        seen=max((info.order.sequence for info in recording.infos), default=0),
        pictured=len({picture.header.stamp_ns for picture in recording.pictures}),
    )


def _arrivals(recording: Recording) -> Arrivals:
    known = {info.key for info in recording.infos}
    others = (*recording.pictures, *recording.calibrations)
    available = sum(answer.available for answer in recording.answers)
    return Arrivals(
        frame_infos=len(recording.infos),
        images=len(recording.pictures),
        camera_infos=len(recording.calibrations),
        unpaired=sum(message.key not in known for message in others),
        answers=available,
        empty_answers=len(recording.answers) - available,
    )


def _latency(recording: Recording, pictures: list[Picture]) -> Latency:
    infos = {info.key: info for info in recording.infos}
    client = (client_latency_s(recording, picture) for picture in pictures)
    return Latency(
        client=Percentiles.of(latency for latency in client if latency is not None),
        node=Percentiles.of(
            infos[picture.key].latency_s for picture in pictures if picture.key in infos
        ),
    )


def _first_pictures(recording: Recording, in_stream: bool) -> list[Picture]:
    # Neither the greeting, which has to wait for connections, nor what was sent more than once.
    kinds = {kind for kind in PoseKind if kind.is_in_stream} if in_stream else {PoseKind.DEPARTURE}
    first: dict[int, Picture] = {}
    for picture in recording.pictures:
        first.setdefault(picture.header.stamp_ns, picture)
    return [
        picture for stamp_ns, picture in first.items()
        if (pose := recording.pose_of(stamp_ns)) and pose.kind in kinds
    ]


def _finest_pictures(recording: Recording) -> list[Picture]:
    rested = {rest.finest for rest in recording.rests}
    keys = {info.key for info in recording.infos if info.order in rested}
    return [picture for picture in recording.pictures if picture.key in keys]


def _stop(recording: Recording, sequence: int) -> Stop:
    stamps = {i.header.stamp_ns for i in recording.infos if i.order.sequence == sequence}
    return Stop(sequence, tuple(
        LevelAtStop(picture.width, picture.height, client_latency_s(recording, picture))
        for picture in recording.pictures if picture.header.stamp_ns in stamps
    ))


def _rays_per_second(infos: Iterable[Info]) -> float | None:
    """
    Return the speed of the engine over all frames whose new pixels are known.

    A level renders the pixels that the level before it has not.
    """
    pixels = {info.order: info.width * info.height for info in infos}
    rays, seconds = 0, 0.0
    for info in infos:
        sequence, level = info.order
        before = pixels.get((sequence, level - 1)) if level else 0
        if before is not None:
            rays += pixels[info.order] - before
            seconds += info.render_time_s
    return round(rays / seconds, 1) if seconds else None
