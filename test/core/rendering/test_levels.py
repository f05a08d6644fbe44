# SPDX-License-Identifier: Apache-2.0
"""The levels of a series: which strides are taken, and where their pixels lie."""

from __future__ import annotations

import threading

from nerfstudio_renderer import ConfigurationError, Intrinsics, StrideLevels
import pytest
from support.engines import PATIENCE_S, PINHOLE

FULL = Intrinsics(640, 480, 500.0, 500.0, 320.0, 240.0)


def _nearest_to_the_middle(strides: tuple[int, ...]) -> list[int]:
    """Return the offsets, coarse to fine, by looking at every one that keeps grids nested."""
    offsets, finer_stride, finer = [], 1, 0
    for stride in reversed(strides):
        nested = range(finer, stride, finer_stride)
        finer = min(nested, key=lambda offset: abs(2 * offset - (stride - 1)))
        finer_stride = stride
        offsets.insert(0, finer)
    return offsets


@pytest.mark.parametrize('finest', [1, 2, 3, 5])
def test_each_grid_is_the_nested_one_nearest_to_the_middle_of_its_cells(finest):
    for factor in range(2, 12):
        for coarser in range(2, 8):
            strides = (finest * factor * coarser, finest * factor, finest)
            levels = StrideLevels(strides).levels(FULL)
            assert [level.offset for level in levels] == _nearest_to_the_middle(strides)


@pytest.mark.parametrize('coarsest', [2**31, 2**62, 10**30])
def test_a_stride_beyond_any_picture_takes_no_time(coarsest):
    found: list = []
    thread = threading.Thread(
        target=lambda: found.extend(StrideLevels((coarsest, 2, 1)).levels(FULL)), daemon=True
    )
    thread.start()
    thread.join(PATIENCE_S)
    assert [level.stride for level in found] == [2, 1]


def test_a_picture_smaller_than_all_strides_has_one_level():
    level, = StrideLevels((2**31,)).levels(PINHOLE)
    assert level.intrinsics == PINHOLE


def test_levels_whose_focal_length_would_be_none_are_left_out():
    camera = Intrinsics(64, 48, 2e-12, 1.0, 32.0, 24.0)
    levels = StrideLevels((4, 2, 1)).levels(camera)
    assert [level.stride for level in levels] == [2, 1]
    assert [level.intrinsics.fx for level in levels] == [1e-12, 2e-12]


@pytest.mark.parametrize(
    ('strides', 'reason'),
    [
        ((2, 2), r'levels \[2, 2\]: 2 must be a larger multiple of 2'),
        ((4, 2, 2, 1), r'levels \[4, 2, 2, 1\]: 2 must be a larger multiple of 2'),
        ((), r'levels \[\] must be one or more strides'),
        ((2.0, 1), r'levels \[2.0, 1\] must be .* whole numbers'),
        ((True,), r'levels \[True\] must be .* whole numbers'),
        ((1,) * 100000, r'\(300000 characters\): 1 must be a larger multiple of 1'),
    ],
    ids=lambda value: str(value)[:20],
)
def test_strides_that_make_no_series_are_refused_in_one_short_line(strides, reason):
    with pytest.raises(ConfigurationError, match=reason) as refusal:
        StrideLevels(strides)
    assert len(str(refusal.value)) < 500
