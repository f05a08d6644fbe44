# SPDX-License-Identifier: Apache-2.0
"""Clients that are broken, malicious or stuck do not concern the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
import random
import resource
import socket
import struct
import sys
import threading
import time
import zlib

from nerfstudio_renderer.server import channel, classic
import pytest
import rpyc
from rpyc.core import brine, consts
from support.servers import serving, wait_until

LIMIT = 1 << 20


@pytest.fixture
def port() -> Iterator[int]:
    """Return the port of a classic server in this process, for packets of up to 1 MiB."""
    with serving(longest_packet=LIMIT) as port:
        yield port


def _works_quickly(port: int) -> None:
    started = time.monotonic()
    with rpyc.classic.connect('localhost', port=port) as client:
        assert client.eval('1 + 1') == 2
    assert time.monotonic() - started < 2.0


def _packet(data: bytes, compressed: int = 0) -> bytes:
    return struct.pack('!LB', len(data), compressed) + data + b'\n'


def _request(*content: object) -> bytes:
    return _packet(bytes([consts.MSG_REQUEST]) + brine.dump(content))


GARBAGE = {
    'http': b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'tls': b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(600),
    'random': random.Random(0).randbytes(10000),
    'too long': struct.pack('!LB', LIMIT + 1, 0),
    'longest': struct.pack('!LB', 0xFFFFFFFF, 1),
    'broken zlib': _packet(b'not zlib', 1),
    'zlib bomb': _packet(zlib.compress(bytes(50 * LIMIT)), 1),
    'no message': _packet(b'\x09' + brine.dump((1, (2, 3)))),
    'empty brine': _packet(bytes([consts.MSG_REQUEST])),
    'nested brine': _packet(bytes([consts.MSG_REQUEST]) + brine.TAG_TUP1 * 100000),
    'no tuple': _packet(bytes([consts.MSG_REQUEST]) + brine.dump(7)),
}


@pytest.mark.parametrize('garbage', GARBAGE.values(), ids=GARBAGE)
def test_garbage_costs_its_sender_alone(port, garbage, caplog):
    with socket.create_connection(('localhost', port)) as sock:
        sock.settimeout(10.0)
        sock.sendall(garbage)
        _works_quickly(port)
        with suppress(ConnectionResetError):
            while sock.recv(4096):  # until the server has had enough
                pass
        wait_until(lambda: not _client_threads())
    assert caplog.text.count('is disconnected') == 1
    assert 'Traceback' not in caplog.text


@pytest.mark.parametrize('protocol', [
    b'GET / HTTP/1.1\r\n\r\n', b'SSH-2.0-OpenSSH_9.2\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
], ids=['http', 'ssh', 'http2', 'tls'])
def test_clients_of_other_protocols_are_shown_out_with_the_usual_limit_too(protocol):
    with (
        serving(longest_packet=classic.LONGEST_PACKET) as port,
        socket.create_connection(('localhost', port)) as sock,
    ):
        sock.settimeout(10.0)
        sock.sendall(protocol)
        with suppress(ConnectionResetError):
            assert sock.recv(4096) == b''


@pytest.mark.parametrize('surprise', [
    bytes(10000),  # empty packets
    _packet(bytes([consts.MSG_REPLY]) + brine.dump((77, (9, 'x')))),
    _packet(bytes([consts.MSG_EXCEPTION]) + brine.dump((77, 5))),
    struct.pack('!LB', 1000, 0) + b'half a packet',
], ids=['zeros', 'reply', 'error', 'half'])
def test_surprises_cost_nobody_anything(port, surprise, caplog):
    with socket.create_connection(('localhost', port)) as sock:
        sock.sendall(surprise)
        _works_quickly(port)
    wait_until(lambda: not _client_threads())
    assert 'Traceback' not in caplog.text


@pytest.mark.parametrize('request_', [
    (1, (99, (1, ()))), (1, (consts.HANDLE_CALL, (1, (1, 2, 3, 4, 5)))), (1, (1, (9, 9))),
    (1, 5), ('x', (consts.HANDLE_GETROOT, (1, ()))), (1, (consts.HANDLE_DEL, (1, (5, 1)))),
    (1, (consts.HANDLE_INSPECT, (1, (('a', 1, 2),)))),
], ids=str)
def test_a_request_that_makes_no_sense_is_answered_with_an_error(port, request_):
    with socket.create_connection(('localhost', port)) as sock:
        sock.settimeout(10.0)
        sock.sendall(_request(*request_))
        # The server first asks for this client's root, to be polite; no answer comes to that.
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    _works_quickly(port)


def _client_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith('client')]


def test_clients_that_say_nothing_hold_nobody_up(port):
    silent = [socket.create_connection(('localhost', port)) for _ in range(50)]
    silent[0].sendall(struct.pack('!LB', 1000, 0) + b'half a packet')
    _works_quickly(port)
    for each in silent:
        each.close()
    wait_until(lambda: not _client_threads())


def _deaf_client(port: int) -> rpyc.Connection:
    """Return a client that has asked for 100 pictures and reads none of the answers."""
    client = rpyc.classic.connect('localhost', port=port)
    client.execute('data = bytes(1 << 22)')
    ask = rpyc.async_(client.root.eval)
    for _ in range(100):
        ask('data')
    return client


def test_a_client_that_never_reads_holds_nobody_up_and_takes_no_memory(port):
    deaf = _deaf_client(port)
    wait_until(lambda: _stuck_in_writing() == 1)
    _works_quickly(port)
    # What it has not taken is not prepared either: at most the answer in work is there.
    assert _queued_bytes() <= 2 << 22
    deaf._channel.stream.sock.close()
    wait_until(lambda: not _client_threads())


def _writers() -> list:
    found = []
    for frame in sys._current_frames().values():
        while frame is not None:
            if frame.f_code is channel.Stream.write.__code__:
                found.append(frame)
            frame = frame.f_back
    return found


def _stuck_in_writing() -> int:
    return len(_writers())


def _queued_bytes() -> int:
    total = 0
    for frame in _writers():
        total += len(frame.f_locals['data'])
        while frame.f_code.co_name != '_send':
            frame = frame.f_back
        total += sum(map(len, frame.f_locals['self']._send_queue))
    return total


def test_a_client_that_never_reads_is_given_up(monkeypatch):
    monkeypatch.setattr(channel, 'SILENCE_S', 0.2)
    with serving() as port:
        deaf = _deaf_client(port)
        wait_until(lambda: not _client_threads())
        deaf._channel.stream.sock.close()


def test_a_slow_client_is_not_given_up(monkeypatch):
    monkeypatch.setattr(channel, 'SILENCE_S', 0.5)
    with serving() as port:
        client = rpyc.classic.connect('localhost', port=port)
        client.execute('data = bytes(1 << 25)')
        asked = rpyc.async_(client.root.eval)('data')
        sock = client._channel.stream.sock
        received, started = 0, time.monotonic()
        while time.monotonic() - started < 1.5:  # three times the limit in all
            received += len(sock.recv(1 << 20))
            time.sleep(0.1)
        assert received < 1 << 25
        while received < 1 << 25:
            received += len(sock.recv(1 << 20))
        assert not asked.ready
        sock.close()


def test_a_suspended_client_comes_back(port):
    with rpyc.classic.connect('localhost', port=port) as client:
        client.execute('import time')
        pending = rpyc.async_(client.root.eval)('len([time.sleep(0.2)])')
        _works_quickly(port)
        time.sleep(0.5)
        assert pending.value == 1


def test_references_that_end_elsewhere_do_not_touch_the_connection():
    """A client's list that another thread drops is given back by the client's own thread."""
    with serving() as port, rpyc.classic.connect('localhost', port=port) as client:
        client.execute(
            'import threading\n'
            'def drop_elsewhere(value):\n'
            '    box = [value]\n'
            '    del value\n'
            '    thread = threading.Thread(target=lambda: box.clear() or names.append(\n'
            '        threading.current_thread().name))\n'
            '    thread.start(); thread.join()\n'
            'names = []\n'
        )
        drop = client.eval('drop_elsewhere')
        kept = [1, 2, 3]
        drop(kept)
        assert len(client.eval('names')) == 1
        client.eval('1')
        assert not any(slot[0] is kept for slot in client._local_objects._dict.values())


def test_the_server_survives_running_out_of_files(port):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    sockets = []
    with rpyc.classic.connect('localhost', port=port) as client:
        lowest = socket.socket()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno() + 6, hard))
        try:
            with pytest.raises(OSError, match='Too many open files'):
                while True:
                    sockets.append(socket.create_connection(('127.0.0.1', port)))
            assert client.eval('1') == 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for each in (lowest, *sockets):
                each.close()
    wait_until(lambda: not _client_threads())
    with rpyc.classic.connect('localhost', port=port) as client:
        assert client.eval('1') == 1


@pytest.mark.parametrize('end', [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_a_client_whose_thread_is_asked_to_end_is_disconnected_and_said_so(end, caplog):

    class Ending(rpyc.Service):

        def on_connect(self, conn):
            raise end

    with serving(Ending) as port:
        for _ in range(2):
            with socket.create_connection(('localhost', port)) as sock:
                sock.settimeout(10.0)
                assert sock.recv(1) == b''
        wait_until(lambda: not _client_threads())
    assert caplog.text.count(f'is disconnected: {type(end).__name__}') == 2
