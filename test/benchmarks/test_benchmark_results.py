# SPDX-License-Identifier: Apache-2.0
"""Rows as files, as tables, and in the documentation."""

from __future__ import annotations

from dataclasses import dataclass
import io
import json
from pathlib import Path

from benchmarks import page, results
from benchmarks.machine import this_machine
from benchmarks.results import Result, Start, Table, tables_of
from benchmarks.tables import cell, for_terminal, heading, in_markdown
import pytest
from rich.console import Console


@dataclass(frozen=True)
class _SpeedRow:
    """Speed of some things."""

    name: str
    p50_ms: float | None
    rounds: int


@dataclass(frozen=True)
class _SizeRow:
    """Sizes."""

    bytes_sent: int


SPEEDS = [_SpeedRow('slow', 1234.5, 3), _SpeedRow('unknown', None, 0)]
TABLE = Table('Speed of some things.', (
    {'name': 'slow', 'p50_ms': 1234.5, 'rounds': 3},
    {'name': 'unknown', 'p50_ms': None, 'rounds': 0},
))


def _result(name: str = 'engines', *, quick: bool = False) -> Result:
    return Result(name, quick, '2026-01-02 03:04:05', 0.25, 12.5, (TABLE,))


def test_rows_of_one_class_are_a_table():
    tables = tables_of([SPEEDS[0], _SizeRow(7), SPEEDS[1]])
    assert tables == (TABLE, Table('Sizes.', ({'bytes_sent': 7},)))


def test_results_are_read_as_they_were_written(tmp_path):
    results.write(_result('idle'), tmp_path)
    results.write(_result('engines'), tmp_path)
    assert results.read_all(tmp_path, ('engines', 'scaling', 'idle')) == [
        _result('engines'), _result('idle')
    ]


def test_a_figure_that_is_no_number_is_refused(tmp_path):
    nan = Result('idle', False, '', 0.0, 0.0, (Table('', ({'value': float('nan')},)),))
    with pytest.raises(ValueError, match='JSON'):
        results.write(nan, tmp_path)


@pytest.mark.parametrize(('field', 'shown'), [
    ('p50_ms', 'p50, ms'), ('in_vain_pct', 'in vain, %'), ('psnr_db', 'psnr, dB'),
    ('rays_per_second', 'rays per second'), ('rounds', 'rounds'), ('s', 's'),
])
def test_units_are_in_the_heading(field, shown):
    assert heading(field) == shown


@pytest.mark.parametrize(('value', 'shown'), [
    (None, '-'), ('text', 'text'), (1280, '1280'), (123_456.7, '123,457'), (99.994, '99.99'),
    (1.234, '1.23'), (0.0, '0.00'), (0.000234, '0.00023'), (-0.5, '-0.50'),
])
def test_values_have_as_many_digits_as_they_are_worth(value, shown):
    assert cell(value) == shown


def test_a_table_in_markdown():
    assert in_markdown(TABLE).splitlines() == [
        'Speed of some things.',
        '',
        '| name | p50, ms | rounds |',
        '| --- | --: | --: |',
        '| slow | 1,234 | 3 |',
        '| unknown | - | 0 |',
    ]


def test_a_table_on_a_terminal():
    output = io.StringIO()
    Console(file=output, width=80).print(for_terminal(TABLE))
    assert all(text in output.getvalue() for text in ('Speed of', 'p50, ms', '1,234', 'unknown'))


PAGE = """# Page
<!-- begin idle -->
old
<!-- end idle -->
between
<!-- begin scaling -->
kept
<!-- end scaling -->
"""


def test_only_the_parts_with_results_are_rewritten():
    text, names = page.rewritten(PAGE, {'idle': 'new', 'engines': 'has no place'})
    assert text == PAGE.replace('old', 'new')
    assert names == ['idle']


def test_a_rewritten_page_can_be_rewritten():
    once, _ = page.rewritten(PAGE, {'idle': 'new'})
    assert page.rewritten(once, {'idle': 'new'})[0] == once


def _write(folder: Path, *, quick: bool = False) -> Path:
    results.write_machine(this_machine(), Start('2026-01-02 03:04:05', 0.5), folder)
    results.write(_result('idle', quick=quick), folder)
    path = folder / 'page.md'
    path.write_text('<!-- begin machine -->\n<!-- end machine -->\n' + PAGE)
    return path


def test_the_page_gets_tables_and_the_machine(tmp_path):
    path = _write(tmp_path)
    assert page.update(path, tmp_path) == ['machine', 'idle']
    text = path.read_text()
    assert '| slow | 1,234 | 3 |' in text
    assert 'nerfstudio 1.1.5. Load average before each benchmark: 0.25 to 0.25.' in text


def test_a_benchmark_without_rows_leaves_the_page_as_it_is(tmp_path):
    path = _write(tmp_path)
    results.write(Result('scaling', False, '', 0.0, 0.0, ()), tmp_path)
    assert page.update(path, tmp_path) == ['machine', 'idle']
    assert '\nkept\n' in path.read_text()


def test_quick_results_do_not_go_into_the_page(tmp_path):
    path = _write(tmp_path, quick=True)
    with pytest.raises(page.PageError, match='idle in .* came from --quick'):
        page.update(path, tmp_path)
    assert path.read_text().endswith(PAGE)


def test_without_results_the_page_says_what_to_do(tmp_path):
    with pytest.raises(page.PageError, match='run make bench first'):
        page.update(tmp_path / 'page.md', tmp_path)


def test_the_page_of_the_documentation_has_a_place_for_every_table():
    names = ('machine', 'engines', 'scaling', 'start', 'end_to_end', 'cancellation', 'idle')
    parts = dict.fromkeys(names, 'x')
    assert set(page.rewritten(page.PAGE.read_text(), parts)[1]) == set(parts)


def test_the_machine_is_described_as_json(tmp_path):
    path = results.write_machine(this_machine(), Start.now(), tmp_path)
    machine = json.loads(path.read_text())
    assert machine['cores'] >= 1
    assert machine['cpu'] and machine['instruction_sets'] and machine['date']
