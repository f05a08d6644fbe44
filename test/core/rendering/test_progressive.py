# SPDX-License-Identifier: Apache-2.0
"""Coarse to fine: every pixel once, exact intrinsics, the first level in time."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from nerfstudio_renderer import (
    Frame,
    ImageLevels,
    Intrinsics,
    ProgressiveRenderer,
    Quality,
    StrideLevels,
    Update,
)
from nerfstudio_renderer.rendering.chunk_sizing import ChunkSizer
import numpy as np
import pytest
from support.engines import (
    camera_at,
    every_level,
    pattern,
    PatternEngine,
    RasterPatternEngine,
)

STRIDES = st.sampled_from([(16, 8, 4, 2, 1), (4, 2, 1), (9, 3, 1), (6, 2), (1,), (12, 4, 1)])


def _series(engine: PatternEngine, levels, camera, cancelled=lambda level: False) -> list[Frame]:
    update = Update(1, camera, received_s=0.0, quality=Quality(levels, target_latency_s=0.0))
    return list(ProgressiveRenderer(engine).frames(update, cancelled))


@given(width=st.integers(1, 70), height=st.integers(1, 50), strides=STRIDES)
@settings(deadline=None)
def test_a_series_renders_each_pixel_once_and_ends_with_the_full_picture(width, height, strides):
    engine, camera = PatternEngine(), camera_at(0.25, Intrinsics.from_fov_y(width, height, 50.0))
    last = _series(engine, StrideLevels(strides), camera)[-1]
    counts = Counter(pixel for chunk in engine.chunks for pixel in chunk)
    assert set(counts.values()) == {1}
    if strides[-1] == 1:
        assert sorted(counts) == list(range(width * height))
        whole = pattern(camera, np.arange(width * height)).reshape(height, width, -1)
        np.testing.assert_array_equal(last.image.rgb, whole[..., :3])
        np.testing.assert_array_equal(last.image.depth, whole[..., 3])
        np.testing.assert_array_equal(last.image.accumulation, whole[..., 4])


@given(width=st.integers(17, 200), height=st.integers(17, 200), strides=STRIDES)
@settings(deadline=None)
def test_every_level_shows_the_pixels_that_its_intrinsics_say(width, height, strides):
    full = Intrinsics(width, height, 70.0, 80.0, 0.45 * width, 0.6 * height)
    for frame in _series(PatternEngine(), StrideLevels(strides), camera_at(0.0, full)):
        # The pattern: depth is the index.
        row, column = np.divmod(frame.image.depth.astype(int), width)
        own_x, own_y = np.meshgrid(
            np.arange(frame.intrinsics.width), np.arange(frame.intrinsics.height)
        )
        level = frame.intrinsics
        # The same ray directions, from the level's own intrinsics and from the full picture's.
        np.testing.assert_allclose((own_x + 0.5 - level.cx) / level.fx, (column + 0.5 - full.cx)
                                   / full.fx, atol=1e-9)
        np.testing.assert_allclose((own_y + 0.5 - level.cy) / level.fy, (row + 0.5 - full.cy)
                                   / full.fy, atol=1e-9)


def test_a_coarse_level_by_hand():
    level = StrideLevels((4, 2, 1)).levels(Intrinsics(8, 6, 10.0, 10.0, 4.0, 3.0))[0]
    # Offsets 0 or 1 for stride 2, both half a pixel from the middle: 0. Then 0 or 2 for stride
    # 4, whose middle is 1.5: 2. Columns 2 and 6; row 2. cx' = (4 - 2 - 0.5) / 4 + 0.5 = 0.875.
    assert (list(level.columns), list(level.rows)) == ([2, 6], [2])
    assert level.intrinsics == Intrinsics(2, 1, 2.5, 2.5, 0.875, 0.625)


def test_levels_too_coarse_for_a_small_picture_are_left_out():
    levels = StrideLevels((16, 8, 4, 2, 1)).levels(Intrinsics.from_fov_y(3, 2, 50.0))
    assert [level.stride for level in levels] == [2, 1]


def test_an_engine_that_rasterises_gets_each_level_at_its_own_size():
    engine = RasterPatternEngine()
    frames = _series(engine, StrideLevels((4, 1)), camera_at(0.0))
    assert [frame.image.rgb.shape for frame in frames] == [(2, 2, 3), (6, 8, 3)]
    assert engine.exact == [(2, False), (8, True)]


@pytest.mark.parametrize(
    ('milliseconds', 'widths'),
    [
        ({2: 1, 4: 5, 8: 30}, [8]),  # the finest within the target is the first
        ({2: 1, 4: 5, 8: 40}, [4, 8]),
        ({2: 1, 4: 35, 8: 40}, [2, 4, 8]),
        ({2: 35, 4: 36, 8: 40}, [2, 4, 8]),  # nothing is: the coarsest
    ],
)
def test_a_series_of_rasterised_pictures_begins_with_the_finest_that_comes_in_time(
    milliseconds, widths
):
    now_ms = 0.0

    def spend(width: int) -> None:
        nonlocal now_ms
        now_ms += milliseconds[width]

    engine = RasterPatternEngine(spend)
    renderer = ProgressiveRenderer(engine, clock=lambda: now_ms / 1e3)
    quality = Quality(StrideLevels((4, 2, 1)), target_latency_s=0.033)
    update = Update(1, camera_at(0.0), received_s=0.0, quality=quality)

    def rendered() -> list[int]:
        frames = renderer.frames(update, lambda level: False)
        return [frame.intrinsics.width for frame in frames]

    assert rendered() == [2, 4, 8]  # nothing is known yet of how long they take
    assert rendered() == widths
    assert engine.exact[-1] == (8, True)


def test_independent_pictures_are_rendered_as_they_are():
    pictures = (Intrinsics.from_fov_y(4, 3, 60.0), Intrinsics.from_fov_y(9, 5, 50.0))
    frames = _series(PatternEngine(), ImageLevels(pictures), camera_at(0.0, pictures[-1]))
    assert tuple(frame.intrinsics for frame in frames) == pictures
    assert [frame.image.rgb.shape for frame in frames] == [(3, 4, 3), (5, 9, 3)]


def test_a_cancelled_series_stops_before_the_next_chunk():
    engine = PatternEngine()
    camera = camera_at(0.0, Intrinsics.from_fov_y(64, 48, 50.0))
    frames = _series(engine, StrideLevels((4, 1)), camera, lambda level: level == 1)
    assert [frame.level for frame in frames] == [0]
    assert sum(map(len, engine.chunks)) == 16 * 12


def test_frames_do_not_change_when_finer_levels_are_rendered():
    engine = PatternEngine()
    update = Update(1, camera_at(0.5), received_s=0.0, quality=every_level(2, 1))
    series = ProgressiveRenderer(engine).frames(update, lambda level: False)
    coarse = next(series)
    before = coarse.image.rgb.copy()
    next(series)
    np.testing.assert_array_equal(coarse.image.rgb, before)
    with pytest.raises(ValueError, match='read-only'):
        coarse.image.rgb[:] = 0.0


def test_the_first_level_is_the_finest_that_comes_in_time():
    seconds_per_ray = 1e-4
    engine = PatternEngine(seconds_per_ray=seconds_per_ray)
    camera = camera_at(0.0, Intrinsics.from_fov_y(64, 48, 50.0))
    # 3072, 768, 192 and 48 rays: only the last two come within 300 rays' time, once measured.
    renderer = ProgressiveRenderer(engine)
    quality = Quality(StrideLevels((8, 4, 2, 1)), 0.030)
    first, second = (
        list(renderer.frames(Update(n, camera, 0.0, quality), lambda level: False))
        for n in (1, 2)
    )
    assert [frame.image.rgb.shape[1] for frame in first] == [8, 16, 32, 64]
    assert [frame.image.rgb.shape[1] for frame in second] == [16, 32, 64]
    assert [(frame.level, frame.level_count) for frame in second] == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize('overhead_s', [0.0, 0.012])
def test_chunks_settle_at_the_budget_with_or_without_fixed_cost(overhead_s):
    chunks, seconds_per_ray = ChunkSizer(budget_s=0.020), 1e-5
    for _ in range(40):
        seconds = overhead_s + chunks.size * seconds_per_ray
        chunks.record(chunks.size, seconds)
    assert overhead_s + chunks.size * seconds_per_ray == pytest.approx(0.020, rel=0.1)
    assert chunks.rays_per_second == pytest.approx(chunks.size / 0.020, rel=0.1)


def test_a_chunk_that_ran_out_of_memory_is_halved():
    chunks = ChunkSizer(budget_s=0.020)
    before = chunks.size
    chunks.shrink()
    assert chunks.size == before // 2
