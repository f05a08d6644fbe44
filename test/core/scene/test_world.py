# SPDX-License-Identifier: Apache-2.0
"""From the world of the training poses to the scene: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
import tracemalloc

from nerfstudio_renderer import load_scene, SceneError, WorldTransform
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support.scenes import SCALE, TRANSFORM

TURN = Rotation.from_euler('xyz', (10, 20, 30), degrees=True).as_matrix()
MOVE = np.array([1.0, -2.0, 3.0])


def _write(folder: Path, text: str | bytes) -> Path:
    path = folder / 'dataparser_transforms.json'
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _read(folder: Path, matrix, scale: object = 0.5) -> WorldTransform:
    content = {'transform': np.asarray(matrix).tolist(), 'scale': scale}
    return WorldTransform.from_file(_write(folder, json.dumps(content)))


def test_poses_by_hand():
    # The transform turns x to -y and y to x, then adds (0.5, -0.25, 0); the scale halves it.
    world = WorldTransform(np.array(TRANSFORM), SCALE)
    camera = np.column_stack([np.eye(3), [2.0, 4.0, 6.0]])
    moved = world.to_scene(camera)
    assert moved[:, 3].tolist() == [0.5 * (4.0 + 0.5), 0.5 * (-2.0 - 0.25), 3.0]
    assert moved[:, :3].tolist() == np.array(TRANSFORM)[:, :3].tolist()


def test_a_matrix_of_rotation_and_translation_stays_as_it_is(tmp_path):
    matrix = np.float32(np.column_stack([TURN, MOVE]))
    world = _read(tmp_path, matrix)
    np.testing.assert_array_equal(world.matrix, matrix)
    assert world.scale == 0.5


def test_four_rows_are_taken(tmp_path):
    world = _read(tmp_path, [*TRANSFORM, [0.0, 0.0, 0.0, 1.0]])
    assert world.matrix.tolist() == TRANSFORM


@pytest.mark.parametrize('size', [2.0, 0.01, 1.5e6])
def test_a_size_in_the_matrix_counts_as_scale(tmp_path, size):
    world = _read(tmp_path, size * np.column_stack([TURN, MOVE]))
    assert world.scale == pytest.approx(0.5 * size, rel=1e-12)
    np.testing.assert_allclose(world.matrix, np.column_stack([TURN, MOVE]), atol=1e-12)
    moved = world.to_scene(np.column_stack([TURN.T, [4.0, 5.0, 6.0]]))
    np.testing.assert_allclose(moved[:, :3], np.eye(3), atol=1e-12)  # still a rotation
    expected = 0.5 * size * (TURN @ [4.0, 5.0, 6.0] + MOVE)
    np.testing.assert_allclose(moved[:, 3], expected, rtol=1e-12)


NO_ROTATIONS = {
    'zeros': np.zeros((3, 4)),
    'singular': np.diag([1.0, 1.0, 0.0, 1.0])[:3],
    'nearly singular': np.diag([1.0, 1.0, 1e-12, 1.0])[:3],
    'mirrored': np.diag([1.0, 1.0, -1.0, 1.0])[:3],
    'all mirrored': -np.eye(3, 4),
    'sheared': [[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]],
    'stretched': np.diag([1.0, 1.1, 1.0, 1.0])[:3],
    'huge': 1e200 * np.eye(3, 4),
    'tiny': 1e-200 * np.eye(3, 4),
}


@pytest.mark.parametrize('matrix', NO_ROTATIONS.values(), ids=NO_ROTATIONS)
def test_what_is_no_similarity_is_refused(tmp_path, matrix):
    with pytest.raises(SceneError, match='is not a rotation and a translation') as refusal:
        _read(tmp_path, matrix)
    assert '\n' not in str(refusal.value)


EYE = json.dumps(np.eye(3, 4).tolist())
BROKEN = {
    'no JSON': ('{', 'not what ns-train writes'),
    'nothing': ('', 'not what ns-train writes'),
    'a list': ('[]', 'not what ns-train writes'),
    'no transform': ('{"scale": 1.0}', "KeyError: 'transform'"),
    'no scale': (f'{{"transform": {EYE}}}', "KeyError: 'scale'"),
    'one number': ('{"transform": [[1.0]], "scale": 1.0}', '3 x 4'),
    'ragged rows': ('{"transform": [[1.0], [1.0, 2.0]], "scale": 1.0}', 'not what ns-train'),
    'a last row of something': (
        json.dumps({'transform': np.ones((4, 4)).tolist(), 'scale': 1.0}), '3 x 4'),
    'NaN': (f'{{"transform": {EYE.replace("1.0", "NaN")}, "scale": 1.0}}', 'not a finite 3 x 4'),
    'infinity': (f'{{"transform": {EYE.replace("0.0]", "Infinity]")}, "scale": 1}}', 'finite'),
    'booleans': (f'{{"transform": {EYE.replace("1.0", "true")}, "scale": 1}}', 'True is not a'),
    'strings': (EYE.replace('1.0', '"1.0"').join(['{"transform": ', ', "scale": 1}']), 'number'),
    'a long string': (
        f'{{"transform": ["{"x" * 10000}"], "scale": 1}}', "'x' is not a number"),
    'a null': ('{"transform": null, "scale": 1}', 'not what ns-train writes'),
    'a far translation': (
        f'{{"transform": {EYE.replace("0.0]", "1e10]")}, "scale": 1}}', r'more than 1e\+09'),
    'scale 0': (f'{{"transform": {EYE}, "scale": 0.0}}', "'scale' 0.0"),
    'a negative scale': (f'{{"transform": {EYE}, "scale": -1}}', "'scale' -1"),
    'an absurd scale': (f'{{"transform": {EYE}, "scale": 1e-300}}', "'scale' 1e-300"),
    'scale NaN': (f'{{"transform": {EYE}, "scale": NaN}}', "'scale' nan"),
    'scale as text': (f'{{"transform": {EYE}, "scale": "1.0"}}', "'1.0' is not a number"),
    'scale as truth': (f'{{"transform": {EYE}, "scale": true}}', 'True is not a number'),
    'a scale of many digits': (f'{{"transform": {EYE}, "scale": 1{"0" * 400}}}', 'Overflow'),
    'more digits than Python reads': (
        f'{{"transform": {EYE}, "scale": 1{"0" * 5000}}}', 'not what ns-train writes'),
    'a deep nest': ('[' * 100_000, 'RecursionError'),
    'no text': (b'\xff\xfe\x00\x01', 'not what ns-train writes'),
    'a megabyte': ('{"a": "' + 'x' * (1 << 20) + '"}', 'larger than 1 MiB'),
}


@pytest.mark.parametrize(('content', 'reason'), BROKEN.values(), ids=BROKEN)
def test_what_ns_train_does_not_write_is_refused_in_one_line(tmp_path, content, reason):
    with pytest.raises(SceneError, match=reason) as refusal:
        WorldTransform.from_file(_write(tmp_path, content))
    message = str(refusal.value)
    assert 'dataparser_transforms.json' in message
    assert '\n' not in message
    assert len(message) < 1000


def test_a_huge_file_is_not_read(tmp_path):
    path = _write(tmp_path, '{')
    with path.open('r+b') as file:
        file.truncate(1 << 33)
    tracemalloc.start()
    with pytest.raises(SceneError, match='larger than 1 MiB'):
        WorldTransform.from_file(path)
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_scene_with_broken_transforms_is_refused(scene_copy):
    _write(scene_copy.parent, '{')
    with pytest.raises(SceneError, match=r'dataparser_transforms\.json. is not what ns-train'):
        load_scene(scene_copy)
