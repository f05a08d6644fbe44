# SPDX-License-Identifier: Apache-2.0
"""Beginnings and ends: of queues, of clients, of the server."""

from __future__ import annotations

import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time

import pytest
import rpyc
from support.pattern_server import END_S
from support.servers import (
    environment,
    PATTERN_SERVER,
    render_threads,
    ServerProcess,
    wait_until,
)

SLOW = """
import nerfstudio_renderer
rq = nerfstudio_renderer.NerfStudioRenderQueue(device='slow')
rq.update_camera([0.0] * 3, [0.0] * 3)
"""


def test_deleting_the_queue_ends_its_thread(connection):
    connection.execute(SLOW.replace('slow', 'cpu'))
    assert render_threads(connection) == 1
    connection.execute('del rq')
    assert render_threads(connection) == 0


def test_deleting_a_reference_ends_its_thread(connection):
    queue = connection.modules.nerfstudio_renderer.NerfStudioRenderQueue()
    queue.update_camera([0.0] * 3, [0.0] * 3)
    assert render_threads(connection) == 1
    del queue
    wait_until(lambda: render_threads(connection) == 0)


@pytest.mark.parametrize('position', ['[0.0, 0.0]', '[float("nan")] * 3', 'missing'])
def test_a_failed_call_does_not_keep_a_deleted_queue(connection, position):
    connection.execute(SLOW.replace('slow', 'cpu'))
    with pytest.raises((ValueError, NameError)):
        connection.execute(f'rq.update_camera({position}, [0.0] * 3)')
    connection.execute('del rq')
    assert render_threads(connection) == 0


def test_a_client_that_leaves_takes_its_queue_along(pattern_server, connection):
    with pattern_server.connect() as leaving:
        leaving.execute(SLOW.replace('slow', 'cpu'))
        # A function that the client defined refers to all that the client has named, and what
        # refers to itself is only found by Python's collector.
        leaving.execute('class Cycle: pass\ncycle = Cycle(); cycle.me, cycle.rq = cycle, rq')
        leaving.execute('def forgotten(): pass')
        assert render_threads(connection) == 1
    wait_until(lambda: render_threads(connection) == 0, timeout_s=5.0)


@pytest.mark.parametrize('work', ['time.sleep(100)', 'rq.update_camera([1.0] * 3, [0.0] * 3)'],
                         ids=['resting', 'moving'])
def test_a_killed_client_leaves_nothing_behind(pattern_server, connection, work):
    construct = SLOW.replace('slow', 'gated')  # in the middle of a picture
    script = (
        'import rpyc, time\n'
        f'conn = rpyc.classic.connect("localhost", port={pattern_server.port})\n'
        f'conn.execute({construct!r})\nrq = conn.namespace["rq"]\nprint("there", flush=True)\n'
        f'while True: {work}\n'
    )
    client = subprocess.Popen(
        [sys.executable, '-c', script], stdout=subprocess.PIPE, env=environment()
    )
    try:
        assert client.stdout.readline() == b'there\n'
        assert render_threads(connection) == 1
    finally:
        client.kill()
        client.wait()
        client.stdout.close()
    connection.modules['support.pattern_server'].MADE[-1].run_free()  # as if the chunk ended
    wait_until(lambda: render_threads(connection) == 0)


def test_many_queues_come_and_go_without_a_trace(connection, camera_config):
    connection.execute(
        'import gc, os, threading, nerfstudio_renderer\n'
        'def resident_mb():\n'
        '    pages = int(open("/proc/self/statm").read().split()[1])\n'
        '    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6\n'
        'Queue = nerfstudio_renderer.NerfStudioRenderQueue\n'
        'keeper = Queue()\n'
    )
    use = (
        f'rq = Queue(camera_config_path={str(camera_config)!r})\n'
        'rq.update_camera([0.25, 0.0, 0.0], [0.0] * 3)\n'
        'del rq\n'
    )
    for _ in range(20):
        connection.execute(use)
    threads = connection.eval('threading.active_count()')
    memory_mb = connection.eval('resident_mb()')
    files = connection.eval('len(os.listdir("/proc/self/fd"))')
    for _ in range(200):
        connection.execute(use)
    assert connection.eval('threading.active_count()') == threads
    assert connection.eval('len(os.listdir("/proc/self/fd"))') == files
    assert connection.eval('resident_mb()') - memory_mb < 20.0
    assert connection.eval(
        'sum(type(each) is Queue for each in gc.get_objects())'
    ) == 1


def test_many_clients_come_and_go_without_a_trace(pattern_server, connection):
    connection.execute('import os, threading')
    threads = connection.eval('threading.active_count()')
    files = connection.eval('len(os.listdir("/proc/self/fd"))')
    for _ in range(30):
        with pattern_server.connect() as client:
            client.eval('1')
    wait_until(lambda: connection.eval('threading.active_count()') <= threads)
    wait_until(lambda: connection.eval('len(os.listdir("/proc/self/fd"))') <= files)


@pytest.fixture(scope='module')
def restarted(tmp_path_factory: pytest.TempPathFactory):
    """Return a server that was started where another one just ended, with a client connected."""
    folder = tmp_path_factory.mktemp('restart')
    with ServerProcess(PATTERN_SERVER, folder / 'first') as first:
        client = first.connect()
        client.execute(SLOW)
        started = time.monotonic()
        assert first.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 5.0
        assert 'Traceback' not in first.output
        assert 'does not end' not in first.output
        with ServerProcess(PATTERN_SERVER, folder / 'second', port=first.port) as second:
            yield second, client


def test_a_server_is_restarted_on_its_port_at_once(restarted):
    server, old_client = restarted
    with server.connect() as client:
        client.execute(SLOW)
        assert render_threads(client) == 1
    with pytest.raises(EOFError):
        old_client.eval('1')


def test_a_port_in_use_is_one_line(restarted, tmp_path):
    server, _ = restarted
    again = ServerProcess(PATTERN_SERVER, tmp_path / 'again', port=server.port)
    assert again.process.wait(60.0) == 1
    last = again.output.splitlines()[-1]
    assert last == (f'error: 127.0.0.1:{server.port} is in use by another program; '
                    'give another --port, or 0 for a free one')
    assert 'Traceback' not in again.output


def test_ctrl_c_ends_a_server_in_the_middle_of_everything(restarted):
    server, _ = restarted
    client = server.connect()
    client.execute(SLOW)
    with socket.create_connection(('127.0.0.1', server.port)):  # says nothing
        started = time.monotonic()
        os.kill(server.process.pid, signal.SIGINT)
        os.kill(server.process.pid, signal.SIGINT)  # an impatient user
        assert server.process.wait(20.0) == 0
        assert time.monotonic() - started < 5.0
    assert 'Traceback' not in server.output
    with pytest.raises(EOFError):
        client.eval('1')


def test_a_client_whose_code_does_not_end_does_not_keep_the_server(tmp_path):
    with ServerProcess(PATTERN_SERVER, tmp_path / 'log') as server:
        client = server.connect()
        client.execute('import time')
        rpyc.async_(client.root.execute)('while True: time.sleep(0.01)')
        client.poll(0.1)
        started = time.monotonic()
        assert server.stop(signal.SIGTERM) == -signal.SIGTERM
        assert time.monotonic() - started < END_S + 5.0
        assert "a client's code does not end" in server.output


def test_localhost_is_both_loopback_addresses(pattern_server):
    addresses = {family for family, *_ in socket.getaddrinfo('localhost', pattern_server.port)}
    assert addresses
    for host, port in (('127.0.0.1', pattern_server.port), ('::1', pattern_server.port)):
        started = time.monotonic()
        with socket.create_connection((host, port), timeout=5.0):
            assert time.monotonic() - started < 1.0
    assert f'listening on [::1]:{pattern_server.port}' in pattern_server.output
    assert Path(pattern_server.log).read_text().count('listening on') == 2
