# SPDX-License-Identifier: Apache-2.0
"""Pictures arrive as arrays of the client's own, without a request for each element."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
import pytest
import rpyc
from rpyc.core.service import ClassicClient
from rpyc.utils import factory
from support.servers import run_client, ServerProcess, serving


@pytest.fixture
def client() -> Iterator[rpyc.Connection]:
    """Return a classic client of a server in this process."""
    with serving() as port, rpyc.classic.connect('localhost', port=port) as connection:
        connection.execute('import numpy as np')
        yield connection


def test_a_picture_is_a_writable_array_of_the_clients_own(client):
    client.execute('image = np.arange(24, dtype=np.float32).reshape(2, 4, 3) / 24')
    image = client.eval('image')
    assert type(image) is np.ndarray
    assert (image.shape, image.dtype) == ((2, 4, 3), np.float32)
    np.testing.assert_array_equal(image, np.arange(24, dtype=np.float32).reshape(2, 4, 3) / 24)
    assert image[1, 2].tolist() == pytest.approx([18 / 24, 19 / 24, 20 / 24])
    assert Image.fromarray((image * 255).astype('uint8')).size == (4, 2)
    image[:] = 0.0
    assert client.eval('float(image.sum())') > 0.0
    assert type(rpyc.utils.classic.obtain(image)) is np.ndarray


@pytest.mark.parametrize('text', [
    'np.array(3.0)', 'np.zeros((0, 3))', 'np.array([[True, False]])',
    'np.arange(6, dtype="i8").reshape(2, 3)[:, ::2]', 'np.asfortranarray(np.eye(3))',
    'np.array([1 + 2j])', 'np.arange(3, dtype=">f4")', 'np.zeros(5, "f2")',
    'np.arange(700_001, dtype="f8")[::-1]', 'np.arange(600_000, dtype=">i8").reshape(600, 1000).T',
])
def test_any_array_of_numbers_arrives_as_it_is(client, text):
    here, expected = client.eval(text), eval(text)
    assert type(here) is np.ndarray
    assert (here.dtype, here.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(here, expected)


def test_arrays_inside_tuples_and_arguments_arrive_too(client):
    first, (second, text) = client.eval('(np.zeros(2), (np.ones(3), "x"))')
    assert (first.tolist(), second.tolist(), text) == ([0.0, 0.0], [1.0, 1.0, 1.0], 'x')
    received = []
    client.eval('lambda call: call(np.full(2, 7.0))')(received.append)
    assert received[0].tolist() == [7.0, 7.0]
    assert type(received[0]) is np.ndarray


@pytest.mark.parametrize('text', ['np.array([None, "x"])', 'np.ma.zeros(3)', 'np.array(["ab"])'])
def test_other_arrays_go_by_reference_as_rpyc_has_it(client, text):
    assert isinstance(client.eval(text), rpyc.core.netref.BaseNetref)


def test_a_picture_takes_few_requests_and_is_not_compressed(client, monkeypatch):
    client.execute('image = np.zeros((720, 1280, 3), np.float32)')
    for _ in range(2):  # the first one asks what the client has, the second gives that back
        client.eval('image')
    packets = []
    receive = client._channel.recv

    class Recording:

        def __getattr__(self, name):
            return getattr(channel, name)

        def recv(self):
            packets.append(len(data := receive()))
            return data

    channel, client._channel = client._channel, Recording()
    unpack = rpyc.core.channel.zlib.decompress
    monkeypatch.setattr(
        rpyc.core.channel.zlib, 'decompress', lambda data: packets.append('zip') or unpack(data)
    )
    assert client.eval('image').shape == (720, 1280, 3)
    assert 'zip' not in packets
    # Two references given back, a buffer, what it holds in 11 pieces, the array, the answer.
    assert len(packets) == 16
    assert sum(packets) < 1.001 * 720 * 1280 * 12


def test_the_client_keeps_at_most_the_last_picture_alive(client):
    client.execute('image = np.zeros(1000)')
    for _ in range(5):
        client.eval('image')
    client.eval('1')
    kept = client._local_objects._dict.values()
    assert sum(type(slot[0]) is np.ndarray for slot in kept) <= 1


def test_a_client_without_numpy_gets_a_memoryview(pattern_server: ServerProcess):
    script = f"""
import sys
sys.modules['numpy'] = None  # importing it fails
import rpyc
conn = rpyc.classic.connect('localhost', port={pattern_server.port})
conn.execute('import numpy as np')
image = conn.eval('np.arange(24, dtype=np.float32).reshape(2, 4, 3)')
print(type(image).__name__, image.shape, image.format, image[1, 2, 0])
"""
    assert run_client(script) == 'memoryview (2, 4, 3) f 18.0\n'


@pytest.mark.parametrize('service', [rpyc.VoidService, ClassicClient])
def test_a_client_that_lends_nothing_gets_references(service):
    with serving() as port, factory.connect('localhost', port, service) as connection:
        connection.root.execute('import numpy as np')
        image = connection.root.eval('np.zeros((2, 3))')
        assert isinstance(image, rpyc.core.netref.BaseNetref)
        assert connection.root.eval('np.zeros((2, 3)).shape') == (2, 3)


def test_asynchronous_calls_and_several_threads_get_arrays(client):
    pending = [rpyc.async_(client.root.eval)(f'np.full(3, {n})') for n in range(20)]
    assert [each.value.tolist() for each in pending] == [[n] * 3 for n in range(20)]
    assert client.eval('np.zeros(1)').tolist() == [0.0]
