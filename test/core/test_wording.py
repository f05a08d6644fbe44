# SPDX-License-Identifier: Apache-2.0
"""What users have written, in messages."""

from __future__ import annotations

import json
from pathlib import Path

from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    ConfigurationError,
    Intrinsics,
    PoseError,
    quoted,
    reason,
    RendererError,
    shortened,
)
from nerfstudio_renderer.rendering.camera_config import read_image_levels
import pytest

LONG = 'x' * 1_000_000


def test_what_is_short_stays_as_it_is():
    assert quoted('scene 1') == "'scene 1'"
    assert quoted([1, 2]) == '[1, 2]'
    assert shortened('no such file') == 'no such file'


def test_of_what_is_long_there_is_the_beginning_the_end_and_the_length():
    short = quoted('begin ' + LONG + ' end')
    assert short.startswith("'begin xxx")
    assert short.endswith("xxx end' (1000012 characters)")
    assert len(short) < 230


def _write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    'use',
    [
        lambda folder: c2w_from_euler(LONG, (0, 0, 0)),
        lambda folder: c2w_from_euler((0,) * 100000, (0, 0, 0)),
        lambda folder: Camera([[0.0] * 100000], Intrinsics(1, 1, 1.0, 1.0, 0.5, 0.5)),
        lambda folder: Intrinsics(1, 1, 1.0, 1.0, 0.5, 0.5, distortion=(0.0,) * 100000),
        lambda folder: read_image_levels(Path(LONG)),
        lambda folder: read_image_levels(_write(folder / 'levels', [{LONG: 1}])),
        lambda folder: read_image_levels(
            _write(folder / 'levels', [{'width': LONG, 'height': 1, 'fov': 50}])
        ),
    ],
)
def test_a_long_value_is_not_echoed_whole(tmp_path, use):
    with pytest.raises(RendererError) as refusal:
        use(tmp_path)
    assert len(reason(refusal.value)) < 1100
    assert isinstance(refusal.value, ConfigurationError | PoseError)


@pytest.mark.parametrize(
    ('error', 'said'),
    [
        (RendererError('it is broken'), 'it is broken'),
        (ValueError(), 'ValueError()'),
        (SystemExit(3), 'SystemExit(3)'),
        (KeyboardInterrupt(), 'KeyboardInterrupt()'),
        (RuntimeError('one\ntwo'), 'one two'),
        (OSError('\x1b[31mred'), r'\x1b[31mred'),
        (OSError('folder/\udce9t\udce9'), r'folder/\udce9t\udce9'),
    ],
    ids=repr,
)
def test_an_error_is_one_line_that_can_be_sent(error, said):
    assert reason(error) == said
    reason(error).encode()


def test_an_error_with_a_long_text_is_shortened():
    assert reason(RuntimeError(LONG)).endswith('xxx (1000000 characters)')
    assert len(reason(RuntimeError(LONG))) < 1100
