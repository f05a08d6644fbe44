# SPDX-License-Identifier: Apache-2.0
"""Writes down what a flight sends and receives."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

from examples.demo.records import (
    Answer,
    Calibration,
    Info,
    Key,
    Leg,
    Picture,
    PoseKind,
    Recording,
    Rest,
    SentPose,
    View,
)


class Recorder:
    """Takes records as they come, on any thread, and lets the flight wait for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._poses: list[SentPose] = []
        self._legs: list[Leg] = []
        self._rests: list[Rest] = []
        self._infos: list[Info] = []
        self._pictures: list[Picture] = []
        self._calibrations: list[Calibration] = []
        self._answers: list[Answer] = []
        self._pictured: set[Key] = set()
        self._calibrated: set[Key] = set()

    def add_pose(self, stamp_ns: int, kind: PoseKind) -> SentPose:
        """Note that a pose is about to be published."""
        pose = SentPose(time.monotonic(), stamp_ns, kind)
        with self._changed:
            self._poses.append(pose)
        return pose

    def add_leg(self, leg: Leg) -> None:
        """Note that a leg has ended."""
        self._legs.append(leg)

    def add_rest(self, rest: Rest) -> None:
        """Note that a rest has ended."""
        self._rests.append(rest)

    def add_info(self, info: Info) -> None:
        """Take what came on the topic ``frame_info``."""
        with self._changed:
            self._infos.append(info)
            self._changed.notify_all()

    def add_picture(self, picture: Picture) -> None:
        """Take what came on the topic ``image``."""
        with self._changed:
            self._pictures.append(picture)
            self._pictured.add(picture.key)
            self._changed.notify_all()

    def add_calibration(self, calibration: Calibration) -> None:
        """Take what came on the topic ``camera_info``."""
        with self._changed:
            self._calibrations.append(calibration)
            self._calibrated.add(calibration.key)
            self._changed.notify_all()

    def add_answer(self, answer: Answer) -> None:
        """Take what ``get_frame`` answered."""
        with self._changed:
            self._answers.append(answer)

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition`` holds, which may call the methods below; tell whether."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)

    def newest_of(self, pose: SentPose) -> Info | None:
        """Return the newest frame_info of ``pose``, the last new one sent, if any has arrived."""
        with self._changed:
            newest = self._infos[-1] if self._infos else None
            return newest if newest and newest.header.stamp_ns >= pose.stamp_ns else None

    def finest_of(self, pose: SentPose) -> Info | None:
        """Return the finest frame of ``pose``, the last new one sent, once all of it arrived."""
        with self._changed:
            newest = self.newest_of(pose)
            if newest is None or not newest.is_finest:
                return None
            complete = newest.key in self._pictured and newest.key in self._calibrated
            return newest if complete else None

    def recording(self, view: View) -> Recording:
        """Return everything so far."""
        with self._changed:
            return Recording(
                view=view,
                poses=tuple(self._poses),
                legs=tuple(self._legs),
                rests=tuple(self._rests),
                infos=tuple(self._infos),
                pictures=tuple(self._pictures),
                calibrations=tuple(self._calibrations),
                answers=tuple(self._answers),
            )
