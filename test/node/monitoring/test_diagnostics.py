# SPDX-License-Identifier: Apache-2.0
"""The state of the node on /diagnostics: what it counts, and when it warns."""

from __future__ import annotations

from collections.abc import Callable
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from nerfstudio_renderer_msgs.srv import LoadScene
import pytest
from sensor_msgs.msg import CameraInfo
from support.client import Client, pose, stamp_of, stamped
from support.pattern_node import BROKEN

Condition = Callable[[DiagnosticStatus, dict[str, str]], bool]


class Monitor:
    """Listens to the diagnostics of the node."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.arrays = client.listen(DiagnosticArray, '/diagnostics')

    def when(self, condition: Condition) -> Callable[[], dict[str, str] | None]:
        """Return what returns the values of the newest status if that fulfils a condition."""

        def fulfilled() -> dict[str, str] | None:
            if not self.arrays:
                return None
            status, = self.arrays[-1].status
            values = {each.key: each.value for each in status.values}
            return values if condition(status, values) else None

        return fulfilled

    def wait_for(self, condition: Condition) -> dict[str, str]:
        """Wait until a status fulfils a condition; return its values."""
        return self.client.wait_for(self.when(condition))


@pytest.fixture
def monitor(client: Client) -> Monitor:
    """Return a monitor of the pattern node."""
    return Monitor(client)


def test_it_says_what_renders_and_how_fast(monitor):
    monitor.client.rest(pose(1.0))
    values = monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.OK)
    status, = monitor.arrays[-1].status
    assert status.name == 'nerfstudio_renderer: rendering'
    assert (status.message, status.hardware_id) == ('rendering', 'cpu')
    assert values['state'] == 'active'
    assert values['scene'] == 'pattern '
    assert values['engine'] == 'pattern: as asked'
    assert float(values['memory, MiB']) > 10.0
    assert float(values['rays per second']) > 0.0
    for which in ('first', 'finest'):
        p50, p95 = (float(values[f'{which} picture {p}, ms']) for p in ('p50', 'p95'))
        assert 0.0 < p50 <= p95
    assert values['last error'] == ''


def test_it_comes_once_a_second(monitor):
    monitor.client.wait_for(lambda: len(monitor.arrays) >= 4)
    first, *_, last = monitor.arrays[:4]
    assert stamp_of(last) - stamp_of(first) == pytest.approx(3e9, rel=0.2)


def test_it_counts_poses_by_what_became_of_them(monitor):
    before = monitor.wait_for(lambda *_: True)

    def counted(values: dict[str, str], key: str) -> int:
        return int(values.get(key, 0)) - int(before.get(key, 0))

    def has(key: str, count: int) -> Callable[[], dict[str, str] | None]:
        return monitor.when(lambda _, values: counted(values, key) >= count)

    monitor.client.rest(pose(2.0))
    for message, key, count in (
        (pose(2.0), 'poses repeated', 1),
        (pose(float('nan')), 'poses rejected, not a pose', 1),
        (stamped(pose(3.0), 2e9), 'updates accepted', 2),
        (stamped(pose(4.0), 1e9), 'poses rejected, stale', 1),
    ):
        values = monitor.client.publish_until(message, has(key, count))
    assert counted(values, 'updates accepted') == 2
    assert counted(values, 'updates failed') == 0
    # Each of them has become one thing.
    assert counted(values, 'poses received') == sum(
        counted(values, key) for key in values
        if key.startswith('poses rejected') or key in ('poses repeated', 'updates accepted')
    )


def test_it_counts_updates_that_were_overtaken(monitor):
    before = int(monitor.wait_for(lambda *_: True)['updates skipped'])
    for step in range(2000):
        monitor.client.publish(pose(5.0 + step / 4096.0))
    monitor.wait_for(lambda _, values: int(values['updates skipped']) > before)


def test_rejected_poses_are_a_warning_until_they_stop(monitor):
    monitor.client.publish(pose(float('nan')))
    monitor.wait_for(
        lambda status, _: status.level == DiagnosticStatus.WARN
        and status.message == 'poses rejected in the last second: 1'
    )
    monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.OK)


def test_a_failed_render_is_an_error_until_one_succeeds(monitor):
    monitor.client.publish(pose(-1.0))
    values = monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.ERROR)
    assert 'failed: out of memory at -0.5' in values['last error']
    monitor.client.rest(pose(6.0))
    later = monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.OK)
    assert later['last error'] == values['last error']


def test_a_failed_render_is_an_error_even_if_the_next_one_succeeds_at_once(monitor):
    seen = len(monitor.arrays)

    def warned() -> bool:
        return any(
            status.level == DiagnosticStatus.ERROR
            and status.message.startswith('updates failed in the last second: ')
            for array in monitor.arrays[seen:] for status in array.status
        )

    for step in range(1000):  # until a status falls after a good one
        monitor.client.publish(pose(-1.0 - step / 1024.0))
        time.sleep(0.01)
        monitor.client.publish(pose(7.0 + step / 1024.0))
        time.sleep(0.04)
        if warned():
            break
    assert warned()


def test_a_camera_that_cannot_be_used_is_a_warning_until_one_can(monitor):
    publisher = monitor.client.publisher(CameraInfo, 'camera_info_in')

    def refused(status: DiagnosticStatus, values: dict[str, str]) -> bool:
        publisher.publish(CameraInfo(width=8, height=6))
        return 'has no focal lengths' in values['last error']

    monitor.wait_for(refused)
    status, = monitor.arrays[-1].status
    assert status.level == DiagnosticStatus.WARN
    k = [10.0, 0.0, 4.0, 0.0, 10.0, 3.0, 0.0, 0.0, 1.0]
    publisher.publish(CameraInfo(width=8, height=6, k=k))
    monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.OK)


def test_a_scene_that_could_not_be_loaded_is_a_warning_until_one_can(monitor):
    assert not monitor.client.call(LoadScene.Request(config=BROKEN)).success
    values = monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.WARN)
    assert values['last error'] == "the scene was not changed: config 'broken' is broken"
    assert monitor.client.call(LoadScene.Request(config='9')).success
    values = monitor.wait_for(lambda status, _: status.level == DiagnosticStatus.OK)
    assert values['scene'] == 'pattern 9'
