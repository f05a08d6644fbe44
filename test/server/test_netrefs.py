# SPDX-License-Identifier: Apache-2.0
"""Calls by reference: what made them time out, and that they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import statistics
import threading
import time

import numpy as np
import pytest
import rpyc
from rpyc.core import consts
from rpyc.core.protocol import DEFAULT_CONFIG
from rpyc.utils import factory
from rpyc.utils.server import ThreadedServer
from support.servers import serving, wait_until

KEEPS_ITS_ARGUMENT = """
import threading

class Queue:
    # As the renderers before this one do: poses are read by the thread that renders.

    def __init__(self):
        self.outcome = None
        self.given = threading.Event()
        threading.Thread(target=self.render, daemon=True).start()

    def update_camera(self, position):
        self.position = position
        self.given.set()

    def render(self):
        self.given.wait()
        try:
            self.outcome = [float(each) for each in self.position]
        except Exception as error:
            self.outcome = type(error).__name__
"""


@pytest.fixture
def stock_port() -> Iterator[int]:
    """Serve classic clients as rpyc itself does, with a tenth of a second instead of 30."""
    config = {'sync_request_timeout': 0.1}
    server = ThreadedServer(
        rpyc.SlaveService, hostname='127.0.0.1', port=0, protocol_config=config,
        listener_timeout=0.05,
    )
    thread = server._start_in_thread()
    yield server.port
    server.close()
    thread.join()


def test_the_cause_a_pose_that_is_kept_by_reference_asks_a_client_that_is_elsewhere(stock_port):
    with rpyc.classic.connect('localhost', port=stock_port) as client:
        client.execute(KEEPS_ITS_ARGUMENT)
        queue = client.eval('Queue()')
        position = [1.0, 2.0, 3.0]
        queue.update_camera(position)
        # The client now does something else, as the document's script sleeps. So nobody answers
        # the render thread, whose request for the first number expires.
        time.sleep(0.5)
        assert queue.outcome == 'TimeoutError'
        # By value it works, which is why a pose within the text of a call always did.
        by_value = client.eval('Queue()')
        by_value.update_camera((1.0, 2.0, 3.0))
        wait_until(lambda: by_value.outcome is not None)
        assert list(by_value.outcome) == position


def test_the_other_cause_a_constructor_that_takes_longer_than_a_client_waits(
    stock_port, monkeypatch
):
    monkeypatch.setitem(DEFAULT_CONFIG, 'sync_request_timeout', 0.2)  # 30 s, really
    load = 'import time; time.sleep(0.5)'
    with rpyc.classic.connect('localhost', port=stock_port) as client:
        with pytest.raises(TimeoutError):
            client.execute(load)
        time.sleep(0.5)  # until the server is there again to say goodbye
    with serving() as port, rpyc.classic.connect('localhost', port=port) as client:
        client.execute(load)  # as the server has the client wait


def test_a_client_that_chose_its_own_patience_keeps_it():
    with serving() as port:
        for given, kept in ((30, 300.0), (5, 5), (None, None)):
            config = {'sync_request_timeout': given}
            with factory.connect('localhost', port, rpyc.ClassicService, config) as client:
                assert client._config['sync_request_timeout'] == kept


@pytest.fixture
def queue(connection, camera_config):
    """Return a reference to a queue of the pattern server; the paths are the client's."""
    module = connection.modules.nerfstudio_renderer
    queue = module.NerfStudioRenderQueue(
        model_config_path=Path(__file__), camera_config_path=camera_config
    )
    yield queue
    queue.close()


def _finest(queue) -> np.ndarray:
    deadline = time.monotonic() + 20.0
    while True:
        image = queue.get_rgb_image()
        if image is not None and image.shape == (12, 20, 3):
            return image
        assert time.monotonic() < deadline, 'no finest image came'
        time.sleep(0.005)


@pytest.mark.parametrize('form', [list, tuple, np.array, lambda pose: np.array(pose, 'f4')],
                         ids=['list', 'tuple', 'array', 'float32'])
def test_poses_of_any_form_are_copied_at_once(queue, form):
    position, rotation = form([0.25, 0.0, 0.5]), form([0.0, -152.0, 0.0])
    queue.update_camera(position, rotation)
    if not isinstance(position, tuple):
        position[0] = 0.75
    assert _finest(queue)[0, 0, 0] == 0.25  # red is the camera's x


@pytest.mark.parametrize('position', [[0.0, 0.0], 'abc', None, [0.0, 0.0, float('nan')],
                                      [0.0, 0.0, 'x'], np.zeros((3, 3)), [10**400, 0, 0]])
def test_what_is_no_pose_is_refused_and_changes_nothing(queue, position):
    with pytest.raises(ValueError, match='position'):
        queue.update_camera(position, [0.0, 0.0, 0.0])
    queue.update_camera([0.5, 0.0, 0.0], [0.0, 0.0, 0.0])
    assert _finest(queue)[0, 0, 0] == 0.5


@pytest.fixture
def asked(connection) -> list[int]:
    """Return the list of all requests of the server, but those that give something back."""
    requests = []
    handlers = connection._HANDLERS

    def recorded(request):
        def handle(*args):
            if request != consts.HANDLE_DEL:
                requests.append(request)
            return handlers[request](*args)

        return handle

    connection._HANDLERS = {request: recorded(request) for request in handlers}
    return requests


def test_a_pose_of_lists_takes_two_requests_of_the_server(queue, asked):
    asked.clear()
    queue.update_camera([0.1, 0.2, 0.3], [0.0, 0.0, 0.0])
    assert asked == [consts.HANDLE_BUFFITER] * 2


def test_a_pose_of_arrays_takes_few_requests_and_no_pickle(queue, asked):
    pose = np.zeros(3), np.zeros(3)
    queue.update_camera(*pose)  # the first one asks what arrays can do
    asked.clear()
    queue.update_camera(*pose)
    assert consts.HANDLE_PICKLE not in asked  # numpy 1 does not read what numpy 2 writes
    assert len(asked) <= 8


@pytest.mark.parametrize('array', [
    np.array(3.0), np.zeros((0, 3)), np.arange(6, dtype='>i2').reshape(2, 3).T,
    np.array([1 + 2j]), np.array([True]), np.array(['a', None]), np.array(['ab', 'c']),
], ids=lambda array: f'{array.dtype}-{array.shape}')
def test_any_array_can_be_copied_by_the_server(connection, array):
    connection.execute('import numpy as np\ndef copied(array):\n    global copy\n'
                       '    copy = np.array(array)\n    return str((copy.dtype, copy.shape))')
    assert connection.namespace['copied'](array) == str((array.dtype, array.shape))
    assert connection.eval('repr(copy.tolist())') == repr(array.tolist())


def test_a_list_of_lists_is_an_array_too(connection):
    connection.execute('import numpy as np')
    total = connection.eval('lambda rows: float(np.array(rows).sum(axis=0)[1])')
    assert total([[1, 2], [3, 4.5]]) == 6.5


def test_a_call_does_not_wait_for_delayed_acknowledgements(queue):
    seconds = []
    for step in range(20):
        time.sleep(0.02)  # until nothing is under way that could carry an acknowledgement
        started = time.monotonic()
        queue.update_camera([step / 100.0, 0.0, 0.0], [0.0, 0.0, 0.0])
        seconds.append(time.monotonic() - started)
    assert statistics.median(seconds) < 0.035  # Linux waits for 40 ms


def test_references_are_given_back(queue, connection):
    for step in range(50):
        queue.update_camera([step / 100.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    queue.get_rgb_image()
    connection.eval('1')
    lists = [slot[0] for slot in connection._local_objects._dict.values()
             if type(slot[0]) is list]
    assert len(lists) <= 4


def test_an_error_of_a_scene_comes_at_once_and_by_its_name(connection):
    module = connection.modules.nerfstudio_renderer
    with pytest.raises(Exception, match='does not exist') as caught:
        module.NerfStudioRenderQueue(model_config_path=Path('/no/such/config.yml'))
    assert type(caught.value).__name__ == 'SceneError'


def test_ten_poses_a_second_while_pictures_come(queue, connection):
    latest = -1.0
    pictures = 0
    for step in range(30):
        started = time.monotonic()
        image = queue.get_rgb_image()
        if image is not None:
            assert image[0, 0, 0] >= latest
            latest, pictures = image[0, 0, 0], pictures + 1
        queue.update_camera([step / 64.0, 0.0, 0.0], [0.0, -152.0, float(step)])
        assert time.monotonic() - started < 5.0
        time.sleep(max(0.0, 0.1 - (time.monotonic() - started)))
    assert pictures >= 10
    assert _finest(queue)[0, 0, 0] == 29 / 64


def test_the_queue_is_a_context_manager_by_reference(connection):
    module = connection.modules.nerfstudio_renderer
    with module.NerfStudioRenderQueue() as queue:
        queue.update_camera([0.0] * 3, [0.0] * 3)


def test_another_thread_of_the_client_may_ask_meanwhile(queue):
    stop = threading.Event()
    failures = []

    def ask() -> None:
        try:
            while not stop.is_set():
                queue.get_rgb_image()
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    for step in range(100):
        queue.update_camera([step / 128.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    stop.set()
    thread.join()
    assert failures == []
