# SPDX-License-Identifier: Apache-2.0
"""The command line of the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
import importlib
import json
from pathlib import Path

from benchmarks import catalogue, cli
from benchmarks.options import Options, parse
from benchmarks.settings import Settings
import pytest


@dataclass(frozen=True)
class _Row:
    """A made-up row."""

    value: int


def test_all_benchmarks_run_by_default():
    assert parse([]) == Options(catalogue.NAMES, None, Path('bench_output'), False, False)
    assert {'engines', 'scaling', 'start', 'transport', 'end_to_end', 'cancellation', 'idle'} \
        <= set(catalogue.NAMES)


def test_benchmarks_run_once_and_in_their_order(tmp_path):
    given = ['idle', 'engines', 'idle', '--quick', '--scene', str(tmp_path), '--output', 'x']
    assert parse(given) == Options(('engines', 'idle'), tmp_path, Path('x'), True, False)


@pytest.mark.parametrize(('arguments', 'message'), [
    (['engine'], 'engine: there are engines, scaling'),
    (['--scene', 'nowhere/config.yml'], "'nowhere/config.yml' does not exist"),
])
def test_impossible_options_are_refused(arguments, message, capsys):
    with pytest.raises(SystemExit):
        parse(arguments)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('name', catalogue.NAMES)
def test_every_benchmark_says_what_it_measures(name):
    module = importlib.import_module(f'benchmarks.{name}')
    assert module.__doc__
    assert callable(module.run)


def test_a_quick_run_writes_its_results(tmp_path):
    assert cli.main(['scaling', '--quick', '--output', str(tmp_path)]) == 0
    result = json.loads((tmp_path / 'scaling.json').read_text())
    assert (result['benchmark'], result['quick']) == ('scaling', True)
    rows = result['tables'][0]['rows']
    assert rows[0]['changed'] == 'threads'
    assert all(row['rays_per_second'] > 0 for row in rows)
    assert json.loads((tmp_path / 'machine.json').read_text())['cpu']
    assert 'rays per second' in (tmp_path / 'tables.txt').read_text()


@pytest.fixture
def made_up(monkeypatch):
    """Replace all benchmarks: engines fails, the others have one row."""

    def run(name: str, settings: Settings) -> list[_Row]:
        if name == 'engines':
            raise RuntimeError('no rays today')
        return [_Row(len(name))]

    monkeypatch.setattr(catalogue, 'run', run)


def test_a_benchmark_that_fails_does_not_cost_the_others(made_up, tmp_path, capsys):
    assert cli.main(['engines', 'idle', '--output', str(tmp_path)]) == cli.FAILED
    assert not (tmp_path / 'engines.json').exists()
    assert json.loads((tmp_path / 'idle.json').read_text())['tables'] == [
        {'title': 'A made-up row.', 'rows': [{'value': 4}]}
    ]
    captured = capsys.readouterr()
    assert 'no rays today' in captured.out
    assert captured.err == 'error: no results of engines: see above\n'


def test_tables_of_earlier_runs_are_kept(made_up, tmp_path):
    assert cli.main(['idle', '--output', str(tmp_path)]) == 0
    assert cli.main(['scaling', '--output', str(tmp_path)]) == 0
    text = (tmp_path / 'tables.txt').read_text()
    assert text.index('scaling (') < text.index('idle (')


def test_an_interrupted_run_says_so(monkeypatch, tmp_path, capsys):
    def run(name: str, settings: Settings) -> list[_Row]:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogue, 'run', run)
    assert cli.main(['idle', '--output', str(tmp_path)]) == cli.INTERRUPTED
    assert capsys.readouterr().err == 'interrupted\n'


def test_the_documentation_needs_results(tmp_path, capsys):
    assert cli.main(['--docs', '--output', str(tmp_path)]) == cli.FAILED
    assert 'run make bench first' in capsys.readouterr().err
