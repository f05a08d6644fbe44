# SPDX-License-Identifier: Apache-2.0
"""What the demo writes and prints, from a small flight that never took place."""

from __future__ import annotations

import io
import json
from pathlib import Path

from examples.demo import pictures, report
from examples.demo.figures import figures
from examples.demo.film import Film, FRAME_WIDTH
from examples.demo.guarantees import GUARANTEES, Violation
from examples.demo.records import Key, Order
import numpy as np
from PIL import Image
import pytest
from rich.console import Console
from synthetic import colour, SyntheticFlight

CELL = (256, 144)
"""The pictures of 32 x 18, enlarged eight times."""


@pytest.fixture(scope='module')
def flight() -> SyntheticFlight:
    return SyntheticFlight(legs=6)


def test_the_contact_sheet_has_a_row_for_a_stop_and_a_column_for_a_level(flight, tmp_path):
    path = tmp_path / 'sheet.png'
    pictures.write_contact_sheet(path, flight.recording(), flight.film)
    with Image.open(path) as sheet:
        columns, rows = 3, 4  # not all six stops
        assert columns * CELL[0] < sheet.width < columns * CELL[0] * 1.2
        assert rows * CELL[1] < sheet.height < rows * CELL[1] * 1.5
        colours = {colour for _, colour in sheet.getcolors(1 << 16)}
    # Stops are at updates 5, 9, 13, 17, 21, 25.
    assert {colour(Order(5, level)) for level in range(3)} <= colours
    shown = [n for n in (5, 9, 13, 17, 21, 25) if colour(Order(n, 2)) in colours]
    assert len(shown) == rows


def test_a_flight_without_a_stop_has_an_empty_sheet(tmp_path):
    flight = SyntheticFlight(legs=0)
    pictures.write_contact_sheet(tmp_path / 'sheet.png', flight.recording(), flight.film)
    assert (tmp_path / 'sheet.png').exists()


def durations_ms(path: Path) -> list[int]:
    with Image.open(path) as animation:
        return [_duration_ms(animation, frame) for frame in range(animation.n_frames)]


def _duration_ms(animation: Image.Image, frame: int) -> int:
    animation.seek(frame)
    return animation.info['duration']


def test_the_animation_takes_as_long_as_the_flight(flight, tmp_path):
    path, recording = tmp_path / 'flight.gif', flight.recording()
    pictures.write_animation(path, recording, flight.film)
    flown_s = recording.pictures[-1].arrived_s - recording.pictures[0].arrived_s
    *durations, last = durations_ms(path)
    assert len(durations) + 1 == len(flight.film.frames())
    # A GIF counts in hundredths of a second.
    assert sum(durations) / 1e3 == pytest.approx(flown_s, abs=0.01 * len(durations))
    assert last == 2000
    with Image.open(path) as animation:
        assert animation.width == 512


def test_an_animation_that_would_be_too_large_gets_smaller(flight, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, '_GIF_BYTES', 1)
    path = tmp_path / 'flight.gif'
    pictures.write_animation(path, flight.recording(), flight.film)
    with Image.open(path) as animation:
        assert animation.width == 256
        assert animation.n_frames < len(flight.film.frames()) / 2


def test_a_flight_without_pictures_has_no_animation(flight, tmp_path):
    pictures.write_animation(tmp_path / 'flight.gif', flight.recording(), Film())
    assert not (tmp_path / 'flight.gif').exists()


def test_the_film_keeps_what_came_last_in_each_tenth_of_a_second():
    film = Film()
    for index, arrived_s in enumerate((10.01, 10.05, 10.09, 10.11, 10.35)):
        film.expose(arrived_s, Key(index, 2, 2), np.zeros((2, 2, 3), dtype=np.uint8))
    assert [shot.key.stamp_ns for shot in film.frames()] == [2, 3, 4]
    assert [shot.key.stamp_ns for shot in film.frames(ticks=2)] == [3, 4]


def test_the_film_keeps_large_pictures_small_but_for_a_series():
    film = Film()
    film.expose(1.0, Key(1, 1280, 720), np.zeros((720, 1280, 3), dtype=np.uint8))
    film.keep_series()
    assert film.frames()[0].image.width <= FRAME_WIDTH
    assert film.series()[0][0].image.size == (1280, 720)


def test_the_summary_holds_every_figure_as_json(flight):
    broken = [Violation('order', 'image: 1 after 2')]
    numbers = figures(flight.recording())
    summary = report.summary(numbers, broken, {'node': {'width': 32}}, {'flight': 12.34567})
    assert json.loads(json.dumps(summary)) == json.loads(json.dumps(summary, allow_nan=False))
    assert {'parameters', 'versions', 'machine', 'seconds', 'updates', 'arrivals', 'latency_s',
            'stops', 'rays_per_second', 'violations'} == set(summary)
    assert summary['violations']['count'] == 1
    assert summary['violations']['by_guarantee'] == {name: int(name == 'order')
                                                     for name in GUARANTEES}
    assert summary['violations']['list'] == [
        {'guarantee': 'order', 'detail': 'image: 1 after 2'}
    ]
    assert summary['updates']['seen'] == 25
    assert summary['seconds'] == {'flight': 12.346}


def test_the_report_names_each_promise_and_its_violations(flight):
    output = io.StringIO()
    broken = [Violation('stamps', f'update {number} is [late]') for number in range(12)]
    report.print_report(Console(file=output, width=100), figures(flight.recording()), broken)
    text = output.getvalue()
    assert all(f'{name}: {guarantee.meaning}' in text for name, guarantee in GUARANTEES.items())
    assert 'stamps: update 9 is [late]' in text
    assert 'and 2 more' in text
