# SPDX-License-Identifier: Apache-2.0
"""What ends a thread or a process does not take the CPU kernels with it, nor they it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PRELUDE = """
import os, re, resource, signal, threading
from nerfstudio_renderer.engines.nerfacto.cpu import _kernel
import numpy as np
from support.packed_models import dense, density, ORIGIN, packed_model, rays, render
MODEL = packed_model()
"""


def _run(program: str) -> None:
    """Run a program in a process of its own, behind PRELUDE."""
    subprocess.run(
        [sys.executable, '-c', f'{PRELUDE}\n{program}'],
        check=True, timeout=120, env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)})


# An allocator that watches the memory needs more of it than there is, and does not fail.
limits_memory = pytest.mark.skipif(
    'asan' in os.environ.get('LD_PRELOAD', ''), reason='AddressSanitizer needs all addresses')

LIMIT = """
def limit(more):
    pages = int(open('/proc/self/statm').read().split()[0])
    size = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
"""


@limits_memory
def test_threads_that_cannot_start_are_an_error():
    _run(f"""{LIMIT}
limit(100 << 20)
try:
    _kernel.Renderer(MODEL, '', 1000)
except RuntimeError as error:
    assert re.match('cannot start thread [0-9]+ of 999: ', str(error)), error
else:
    raise AssertionError('they started')
render(MODEL, rays(40), threads=2)
""")


@limits_memory
def test_memory_that_threads_lack_is_an_error_and_not_the_end():
    _run(f"""{LIMIT}
packed = packed_model(field=density(300), field_samples=13000, head=(dense(299, 9), dense(9, 3)))
renderer = _kernel.Renderer(packed, 'baseline', 2)
pictures = np.empty((40, 5), np.float32)
limit(150 << 20)
for _ in range(10):
    try:
        renderer.render(ORIGIN, rays(40), pictures)
    except MemoryError:
        continue
    raise AssertionError('it had enough')
limit(2 << 30)
renderer.render(ORIGIN, rays(40), pictures)
""")


def test_a_process_may_end_while_a_daemon_thread_renders():
    _run("""
renderer = _kernel.Renderer(MODEL, '', 2)
pictures = np.empty((500, 5), np.float32)
directions = rays(500)
started = threading.Event()
def go_on():
    while True:
        renderer.render(ORIGIN, directions, pictures)
        started.set()
threading.Thread(target=go_on, daemon=True).start()
assert started.wait(60)
""")


def test_a_forked_process_renders_and_ends():
    _run("""
renderer = _kernel.Renderer(MODEL, '', 3)
directions = rays(500)
expected = render(MODEL, directions)
for _ in range(5):
    pictures = np.empty((500, 5), np.float32)
    renderer.render(ORIGIN, directions, pictures)
    child = os.fork()
    if not child:
        signal.alarm(30)
        renderer.render(ORIGIN, directions, pictures)
        del renderer
        os._exit(0 if np.array_equal(pictures, expected) else 1)
    assert os.waitpid(child, 0)[1] == 0
""")
