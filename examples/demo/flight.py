# SPDX-License-Identifier: Apache-2.0
"""The flight: around the scene on an orbit, with a stop now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import math
import time

from examples.demo.client import DemoClient, RendererSilent
from examples.demo.film import Film
from examples.demo.recorder import Recorder
from examples.demo.records import Info, Leg, PoseKind, Rest, SentPose
from geometry_msgs.msg import Pose
from nerfstudio_renderer_ros.orbit import Orbit

_WATCHER, _VISITOR = 'watcher', 'visitor'
_ASK_EVERY_POSES = 5
_LOOK_EVERY_S = 0.5
# Best effort may lose a pose, and does so until both sides of a connection know each other.
_GREET_EVERY_S = 0.5
_RETRY_AFTER_S = 5.0
# Long: a machine may be slow, or busy with other things. Only what never comes breaks a promise.
_PATIENCE_S = 30.0
# A level takes about three times as long as all before it, having three times as many new pixels.
_PATIENCE_FACTOR = 10.0
# A moment in which a frame that should not come would come.
_SETTLE_S = 0.3


@dataclass(frozen=True)
class FlightPlan:
    """Legs along an orbit, each with a rest at its end, as many as there is time for."""

    orbit: Orbit = field(default_factory=Orbit)
    duration_s: float = 60.0
    """Time for all of it, seconds."""
    rate_hz: float = 10.0
    """Poses per second in a leg."""
    longest_leg_s: float = 3.0
    """Duration of a leg where there is time, seconds."""
    speed_deg_s: float = 32.0
    """Degrees per second along the orbit; with legs of 3 s, no stop is where one was before."""

    @property
    def leg_s(self) -> float:
        """Duration of a leg, seconds."""
        return min(self.longest_leg_s, self.duration_s / 4.0)

    def leg(self, index: int) -> Iterator[tuple[Pose, PoseKind]]:
        """Yield the poses of a leg, 0 for the first."""
        count = max(2, round(self.leg_s * self.rate_hz))
        step = math.radians(self.speed_deg_s) / self.rate_hz
        for number in range(1, count + 1):
            yield self.orbit.pose((index * count + number) * step), _kind(index, number, count)

    def has_time_for_leg(self, elapsed_s: float, rest_s: float) -> bool:
        """Tell whether one more leg and a rest of ``rest_s`` end in time."""
        return elapsed_s + self.leg_s + rest_s <= self.duration_s


def _kind(leg: int, number: int, count: int) -> PoseKind:
    if number == count:
        return PoseKind.ARRIVAL
    # The first leg does not begin with a rest.
    return PoseKind.DEPARTURE if number == 1 and leg > 0 else PoseKind.MOVING


class Pilot:
    """
    Flies a plan once.

    :param check: called now and then; raises if the renderer has gone.
    :param progress: called now and then with the seconds since the start and what goes on.
    """

    def __init__(
        self,
        plan: FlightPlan,
        client: DemoClient,
        recorder: Recorder,
        film: Film,
        check: Callable[[], None],
        progress: Callable[[float, str], None],
    ) -> None:
        self._plan = plan
        self._client = client
        self._recorder = recorder
        self._film = film
        self._check = check
        self._progress = progress
        self._began_s = 0.0

    def fly(self) -> None:
        """
        Fly at least one leg, then as many as there is time for.

        :raises RendererSilent: if no picture comes at all.
        """
        self._began_s = time.monotonic()
        self._greet()
        leg, rest_s = 0, 0.0
        while leg == 0 or self._plan.has_time_for_leg(self._elapsed_s(), rest_s):
            pose, sent = self._move(leg)
            rest_s = self._rest(pose, sent, leg)
            leg += 1

    def _greet(self) -> None:
        pose = self._plan.orbit.pose(0.0)
        sent = self._client.send(pose, PoseKind.GREETING)
        if self._wait_for_first(pose, sent, 'waiting for a picture', _GREET_EVERY_S) is None:
            raise RendererSilent(f'no picture came within {_PATIENCE_S:.0f} s')

    def _move(self, leg: int) -> tuple[Pose, SentPose]:
        began_s = time.monotonic()
        for index, (pose, kind) in enumerate(self._plan.leg(leg)):
            _sleep_until(began_s + index / self._plan.rate_hz)
            sent = self._client.send(pose, kind)
            if index % _ASK_EVERY_POSES == 0:
                self._client.ask_in_passing(_WATCHER)
                self._look(f'flying to stop {leg + 1}')
        self._recorder.add_leg(Leg(began_s, time.monotonic()))
        return pose, sent

    def _rest(self, pose: Pose, sent: SentPose, leg: int) -> float:
        activity = f'refining at stop {leg + 1}'
        began_s = time.monotonic()
        self._wait_for_first(pose, sent, activity, _RETRY_AFTER_S)
        self._client.send(pose, PoseKind.REPEAT)
        finest = self._wait_for_finest(sent, activity)
        self._film.keep_series()
        time.sleep(_SETTLE_S)
        # Now the second one must find nothing, and a newcomer must still find the finest.
        for client in (_WATCHER, _WATCHER, f'{_VISITOR} {leg + 1}'):
            self._client.ask(client)
        ended_s = time.monotonic()
        self._recorder.add_rest(Rest(began_s, ended_s, finest.order if finest else None))
        return ended_s - began_s

    def _wait_for_first(
        self, pose: Pose, sent: SentPose, activity: str, retry_every_s: float
    ) -> Info | None:
        retry_s = sent.sent_s + retry_every_s
        while not self._recorder.wait_for(
            lambda: self._recorder.newest_of(sent) is not None, _LOOK_EVERY_S
        ) and time.monotonic() < sent.sent_s + _PATIENCE_S:
            self._look(activity)
            if time.monotonic() > retry_s:
                self._client.send(pose, PoseKind.RETRY)
                retry_s += retry_every_s
        return self._recorder.newest_of(sent)

    def _wait_for_finest(self, sent: SentPose, activity: str) -> Info | None:
        while not self._recorder.wait_for(
            lambda: self._recorder.finest_of(sent) is not None, _LOOK_EVERY_S
        ) and time.monotonic() < self._patience_ends_s(sent):
            self._look(activity)
            self._client.ask_in_passing(_WATCHER)
        return self._recorder.finest_of(sent)

    def _patience_ends_s(self, sent: SentPose) -> float:
        newest = self._recorder.newest_of(sent)
        if newest is None:
            return sent.sent_s + _PATIENCE_S
        so_far_s = newest.arrived_s - sent.sent_s
        return newest.arrived_s + max(_PATIENCE_S, _PATIENCE_FACTOR * so_far_s)

    def _look(self, activity: str) -> None:
        self._check()
        self._progress(self._elapsed_s(), activity)

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s


def _sleep_until(moment_s: float) -> None:
    time.sleep(max(0.0, moment_s - time.monotonic()))
