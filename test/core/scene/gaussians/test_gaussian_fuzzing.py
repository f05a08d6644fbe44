# SPDX-License-Identifier: Apache-2.0
"""Damaged files of Gaussians are read or refused, whatever the damage."""

from __future__ import annotations

from collections.abc import Callable
import functools
import gzip
import json
import tracemalloc

from hypothesis import given, HealthCheck, settings
from hypothesis import strategies as st
from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene.gaussians import read_gaussians
import numpy as np
import pytest
from support import splat_files
from support.splat_files import random_gaussians

pytestmark = pytest.mark.filterwarnings('error::RuntimeWarning')  # as numpy's of overflows

GAUSSIANS = random_gaussians(20, 1)
PLAIN = random_gaussians(20, 0)
MOST_MEMORY = 32 << 20  # for files of a few kilobytes

FORMS: dict[str, tuple[str, Callable[[], bytes]]] = {  # of file names and contents
    'ply': ('a.ply', lambda: splat_files.ply(GAUSSIANS)),
    'compressed ply': ('a.ply', lambda: splat_files.compressed_ply(GAUSSIANS)),
    'splat': ('a.splat', lambda: splat_files.splat(PLAIN)),
    'spz': ('a.spz', lambda: splat_files.spz(GAUSSIANS)),
    'sog': ('a.sog', lambda: splat_files.zipped(splat_files.sog_files(GAUSSIANS))),
    'spz 4': ('a.spz', lambda: splat_files.spz_4(
        GAUSSIANS, pytest.importorskip('zstandard').compress)),
}

INTERESTING = st.sampled_from([0, 1, 10, 32, 45, 46, 48, 57, 127, 128, 254, 255])
CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), INTERESTING | st.integers(0, 255)), max_size=6
)
fuzzed = settings(
    max_examples=300, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@functools.cache
def written(form: str) -> bytes:
    """Return the content of an undamaged file."""
    if form == 'sog':
        pytest.importorskip('PIL')
    return FORMS[form][1]()


@functools.cache
def sog_files(version: int) -> dict[str, bytes]:
    """Return the files of a scene in SOG by name."""
    pytest.importorskip('PIL')
    return splat_files.sog_files(GAUSSIANS, version)


def damaged(content: bytes, changes: list[tuple[float, int]], kept: float, head: int) -> bytes:
    """Return content with bytes changed, most of them near its start, and its end cut off."""
    result = bytearray(content)
    for index, (place, value) in enumerate(changes):
        size = min(head, len(result)) if index % 2 else len(result)
        result[int(place * size)] = value
    return bytes(result[:max(1, round(kept * len(result)))])


def read_or_refuse(path, content: bytes) -> None:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        got = read_gaussians(path)
    except SceneError as error:
        assert '\n' not in str(error)
    else:
        assert_fit_to_render(got)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MOST_MEMORY


def assert_fit_to_render(got) -> None:
    gaussians = got.gaussians
    assert len(gaussians) > 0
    for name in ('means', 'quaternions', 'log_scales', 'opacity_logits', 'sh'):
        assert np.isfinite(getattr(gaussians, name)).all()
    lengths = np.linalg.norm(gaussians.quaternions.astype(np.float64), axis=1)
    assert (lengths > 0).all()
    with np.errstate(over='raise'):
        np.square(np.exp(gaussians.log_scales))


@pytest.mark.parametrize('form', FORMS)
@fuzzed
@given(changes=CHANGES, kept=st.just(1.0) | st.floats(0, 1), head=st.sampled_from([16, 64, 600]))
def test_a_damaged_file_is_read_or_refused(form, tmp_path, changes, kept, head):
    name, content = FORMS[form][0], written(form)
    read_or_refuse(tmp_path / name, damaged(content, changes, kept, head))


@fuzzed
@given(changes=CHANGES, kept=st.just(1.0) | st.floats(0, 1), head=st.just(16))
def test_what_is_compressed_may_be_damaged_too(tmp_path, changes, kept, head):
    content = gzip.decompress(splat_files.spz(GAUSSIANS))
    read_or_refuse(tmp_path / 'a.spz', gzip.compress(damaged(content, changes, kept, head)))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(['sh0.webp', 'labels.webp', [0.0, 1.0, 2.0], [[1]], {}, 2, 1, 3]),
    lambda inner: st.lists(inner, max_size=4), max_leaves=6,
)


@fuzzed
@given(part=st.sampled_from(['', 'means', 'scales', 'quats', 'sh0', 'shN']),
       key=st.sampled_from(['version', 'count', 'means', 'scales', 'quats', 'sh0', 'shN', 'mins',
                            'maxs', 'files', 'codebook', 'bands', 'shape', 'model']),
       value=VALUES, version=st.sampled_from([1, 2]))
def test_a_meta_json_may_say_anything(tmp_path, part, key, value, version):
    files = dict(sog_files(version))
    meta = json.loads(files['meta.json'])
    (meta[part] if part else meta)[key] = value
    files['meta.json'] = json.dumps(meta).encode()
    read_or_refuse(tmp_path / 'a.sog', splat_files.zipped(files))
