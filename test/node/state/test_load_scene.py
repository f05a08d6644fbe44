# SPDX-License-Identifier: Apache-2.0
"""Another scene while the node runs: beside the one that is shown, then in its place."""

from __future__ import annotations

from itertools import pairwise
import threading

from nerfstudio_renderer_msgs.srv import LoadScene
from nerfstudio_renderer_ros.state.scene_service import SceneService
import pytest
from rcl_interfaces.srv import GetParameters
import rclpy
from rclpy.context import Context
from rclpy.task import Future
from support.client import Client, PATIENCE_S, pose, stamp_of
from support.pattern_node import BROKEN, ENDS, WORLD_SCALE


@pytest.fixture
def shown(client: Client) -> Client:
    """Return the client of a node that shows scene 10."""
    assert client.call(LoadScene.Request(config='10')).success
    client.wait_for(lambda: client.infos)
    client.wait_for_finest(client.infos[-1].sequence)
    return client


def _blues(client: Client) -> list[int]:
    return [image.data[2] for image in client.images]


def _show(client: Client, x: float) -> int:
    """Let the camera rest somewhere; return the sequence of its finest picture."""
    red = round(WORLD_SCALE * x % 1.0 * 255)
    client.publish_until(
        pose(x), lambda: client.images and client.images[-1].data[0] == red
    )
    sequence = client.infos[-1].sequence
    client.wait_for_finest(sequence)
    return sequence


def test_the_new_scene_is_shown_from_where_the_camera_rests(shown):
    sequence = _show(shown, 1.25)
    response = shown.call(LoadScene.Request(config='20'))
    assert (response.success, response.message) == (True, 'pattern 20')
    shown.wait_for_finest(sequence + 1)  # sequences go on
    old, new = (
        [image for image, info in zip(shown.images, shown.infos, strict=True)
         if info.sequence == each][-1]
        for each in (sequence, sequence + 1)
    )
    assert (old.data[2], new.data[2]) == (10, 20)
    assert old.data[0] == new.data[0]  # the same pose
    assert stamp_of(new) > stamp_of(old)


def test_poses_are_rendered_while_a_scene_is_loaded_and_no_old_picture_follows_a_new_one(shown):
    done = threading.Event()
    future = shown.ask(LoadScene.Request(config='30:2'))
    future.add_done_callback(lambda _: done.set())
    x = 2.0
    while not done.is_set():
        x += 0.01
        shown.publish(pose(x))
        done.wait(0.01)
    assert future.result().success
    _show(shown, 9.9)
    blues = _blues(shown)
    assert blues.count(10) > 20  # it went on meanwhile
    assert blues == sorted(blues)
    assert blues[-1] == 30
    orders = shown.orders()
    assert all(before < after for before, after in pairwise(orders))
    stamps = [stamp_of(info) for info in shown.infos]
    assert stamps == sorted(stamps)


def test_a_scene_that_cannot_be_loaded_leaves_the_old_one(shown, pattern_node):
    response = shown.call(LoadScene.Request(config=BROKEN))
    assert (response.success, response.message) == (False, "config 'broken' is broken")
    pattern_node.wait_for_output("the scene was not changed: config 'broken' is broken")
    _show(shown, 3.0)
    assert _blues(shown)[-1] == 10


@pytest.mark.parametrize(('config', 'end'), ENDS.items())
def test_a_scene_that_asks_the_process_to_end_is_one_that_cannot_be_loaded(shown, config, end):
    response = shown.call(LoadScene.Request(config=config))
    assert (response.success, response.message) == (
        False, f'loading the scene asked the process to end: {end!r}'
    )
    _show(shown, 3.5)
    assert _blues(shown)[-1] == 10
    assert shown.call(LoadScene.Request(config='60')).success


def test_every_one_of_many_callers_is_answered(shown):
    answered = threading.Semaphore(0)
    futures = [
        shown.ask(LoadScene.Request(config=f'{100 + index}:{1.0 if index == 0 else 0.02}'))
        for index in range(50)
    ]
    for future in futures:
        future.add_done_callback(lambda _: answered.release())
    for _ in futures:
        assert answered.acquire(timeout=PATIENCE_S), f'{_unanswered(futures)} got no answer'
    assert all(future.result().success for future in futures)


def _unanswered(futures: list[Future]) -> int:
    return sum(not future.done() for future in futures)


def test_a_long_name_is_not_echoed_whole(shown, pattern_node):
    response = shown.call(LoadScene.Request(config=BROKEN + 'x' * 1_000_000))
    assert not response.success
    assert response.message.startswith("config 'brokenxxx")
    assert ' characters)' in response.message
    assert max(map(len, pattern_node.output.splitlines())) < 2000
    assert len(response.message) < 1100


def test_an_answer_that_cannot_be_sent_does_not_end_the_service():
    names = iter(['a name \udce9 that no message carries', 'another'])
    context = Context()
    rclpy.init(context=context)
    with Client() as client:
        node = rclpy.create_node('lonely', context=context)
        service = SceneService(node, lambda config, checkpoint: next(names))
        asking = client.node.create_client(LoadScene, '/lonely/load_scene')
        assert asking.wait_for_service(PATIENCE_S)
        asking.call_async(LoadScene.Request())
        done = threading.Event()
        second = asking.call_async(LoadScene.Request())
        second.add_done_callback(lambda _: done.set())
        try:
            assert done.wait(PATIENCE_S)
            assert second.result().message == 'another'
        finally:
            service.close()
            node.destroy_node()
            rclpy.shutdown(context=context)


def test_a_later_configuration_loads_what_was_shown_last(shown):
    assert shown.call(LoadScene.Request(config='40', checkpoint='some.ckpt')).success
    values = shown.call(GetParameters.Request(names=['config', 'checkpoint'])).values
    assert [value.string_value for value in values] == ['40', 'some.ckpt']
