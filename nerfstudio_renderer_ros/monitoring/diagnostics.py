# SPDX-License-Identifier: Apache-2.0
"""The state of the node, published on /diagnostics once a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from nerfstudio_renderer_ros.monitoring.statistics import Latency, Statistics, Summary
from nerfstudio_renderer_ros.state.render_session import RenderSession
import psutil
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Header

_PERIOD_S = 1.0
_MIB = 1 << 20


class Diagnostics:
    """
    Publishes one status: level, message, scene, engine, latencies and counts.

    :param state: returns the label of the node's lifecycle state.
    """

    def __init__(
        self, node: Node, session: RenderSession, statistics: Statistics, state: Callable[[], str]
    ) -> None:
        self._node = node
        self._session = session
        self._statistics = statistics
        self._state = state
        self._before = statistics.summary()
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 1)
        # Steady clock: it also publishes while a simulation is paused.
        node.create_timer(_PERIOD_S, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        summary, before = self._statistics.summary(), self._before
        self._before = summary
        if not self._publisher.get_subscription_count():
            return
        level, message = self._judgement(summary, before)
        values = {**self._of_scene(), **_of(summary)}
        status = DiagnosticStatus(
            level=level,
            name=f'{self._node.get_name()}: rendering',
            message=message,
            hardware_id=values.get('device', ''),
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        header = Header(stamp=self._node.get_clock().now().to_msg())
        self._publisher.publish(DiagnosticArray(header=header, status=[status]))

    def _judgement(self, now: Summary, before: Summary) -> tuple[bytes, str]:
        if now.render_failure or (now.load_failure and self._session.scene is None):
            return DiagnosticStatus.ERROR, now.render_failure or now.load_failure
        if failed := now.failed - before.failed:
            return DiagnosticStatus.ERROR, f'updates failed in the last second: {failed}'
        if problem := now.load_failure or now.refused_camera:  # the earlier one is still used
            return DiagnosticStatus.WARN, problem
        if self._state() != 'active':
            return DiagnosticStatus.WARN, self._state()
        if rejected := now.rejected_in_all - before.rejected_in_all:
            return DiagnosticStatus.WARN, f'poses rejected in the last second: {rejected}'
        return DiagnosticStatus.OK, 'rendering' if now.frames else 'no pose yet'

    def _of_scene(self) -> dict[str, str]:
        state = {'state': self._state()}
        scene = self._session.scene
        if scene is None:
            return state
        engine = scene.renderer.engine
        memory = engine.device_memory()
        if memory is None:
            memory = psutil.Process().memory_info().rss
        return {
            **state,
            'scene': scene.title,
            'engine': scene.engine,
            'device': str(engine.device),
            'memory, MiB': f'{memory / _MIB:.0f}',
            'rays per second': f'{scene.renderer.rays_per_second:.0f}',
        }


def _of(summary: Summary) -> dict[str, str]:
    return dict([
        *_percentiles('first picture', summary.first),
        *_percentiles('finest picture', summary.finest),
        ('poses received', str(summary.received)),
        ('poses repeated', str(summary.repeated)),
        *((f'poses rejected, {kind}', str(count)) for kind, count in summary.rejected.items()),
        ('updates accepted', str(summary.accepted)),
        ('updates skipped', str(summary.skipped)),
        ('updates failed', str(summary.failed)),
        ('pictures', str(summary.frames)),
        ('last error', summary.last_error),
    ])


def _percentiles(name: str, latency: Latency) -> Iterator[tuple[str, str]]:
    for percentile, value in (('p50', latency.p50), ('p95', latency.p95)):
        yield f'{name} {percentile}, ms', '' if value is None else f'{value:.1f}'
