# SPDX-License-Identifier: Apache-2.0
"""The set-up does a step again exactly when its inputs or a step before it changed."""

import sys

from linted_sources import ROOT
import pytest
from tools.environment import cli, virtualenv
from tools.environment.layout import Layout
from tools.environment.shell import SetupError
from tools.environment.steps import SETS, stale, Step


@pytest.fixture
def layout(tmp_path):
    """Return the layout of a checkout whose environment looks usable."""
    layout = Layout(tmp_path)
    layout.python.parent.mkdir(parents=True)
    layout.python.symlink_to(sys.executable)
    (layout.venv / 'pyvenv.cfg').write_text('version = 3.11.7\n')
    (layout.venv / 'lib' / 'python3.11' / 'site-packages' / 'pip').mkdir(parents=True)
    layout.state.mkdir()
    return layout


@pytest.fixture
def inputs():
    """Return the inputs of the steps below, to be changed."""
    return {'first': 'a', 'second': 'b', 'third': 'c', 'beside': 'd'}


@pytest.fixture
def steps(inputs):
    """Return steps that do nothing: three in a row, and one beside the second and third."""
    made = {}
    for name, after in (('first', None), ('second', 'first'), ('third', 'second'),
                        ('beside', 'first')):
        made[name] = Step(name, name, lambda _, name=name: inputs[name], lambda *_: None,
                          made.get(after))
    return list(made.values())


def names(layout, steps):
    return [step.name for step in stale(layout, steps)]


def test_every_step_once(layout, steps):
    assert names(layout, steps) == ['first', 'second', 'third', 'beside']
    assert names(layout, steps) == []


@pytest.mark.parametrize(('changed', 'again'), [
    ('first', ['first', 'second', 'third', 'beside']),
    ('second', ['second', 'third']),
    ('beside', ['beside']),
])
def test_changed_input_makes_the_steps_after_it_stale(layout, steps, inputs, changed, again):
    names(layout, steps)
    inputs[changed] = 'changed'
    assert names(layout, steps) == again
    assert names(layout, steps) == []


def test_interrupted_step_is_done_again(layout, steps):
    for step in stale(layout, steps):
        if step.name == 'second':
            break  # as an exception in the step would
    assert names(layout, steps) == ['second', 'third', 'beside']


def test_step_that_was_done_before_but_failed_now_is_done_again(layout, steps, inputs):
    names(layout, steps)
    inputs['second'] = 'changed'
    next(stale(layout, steps))
    inputs['second'] = 'b'
    assert names(layout, steps) == ['second', 'third']


def test_smaller_set_leaves_the_larger_one_finished(layout, steps):
    names(layout, steps)
    assert names(layout, steps[:2]) == []
    assert names(layout, steps) == []


def test_environment_without_interpreter_starts_anew(layout, steps):
    names(layout, steps)
    layout.python.unlink()
    layout.python.symlink_to('/nowhere/python3')
    assert len(names(layout, steps)) == 4


def test_moved_environment_starts_anew(layout, steps):
    (layout.state / virtualenv.MADE_AT).write_text(str(layout.venv))
    names(layout, steps)
    assert names(layout, steps) == []
    (layout.state / virtualenv.MADE_AT).write_text('/elsewhere/.venv')
    assert len(names(layout, steps)) == 4


def test_usable_environment_is_kept_whatever_python_runs_this(layout, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 13, 0))
    virtualenv.create(layout, shell=None)
    assert virtualenv.is_usable(layout)


def test_error_is_one_line(monkeypatch, capsys):
    def fail(*_):
        raise SetupError('no compiler')

    monkeypatch.setattr(sys, 'argv', ['environment'])
    monkeypatch.setattr(cli, 'set_up', fail)
    assert cli.run() == 1
    assert capsys.readouterr().err == 'error: no compiler\n'


def test_other_python_is_refused_only_when_it_was_asked_for(layout, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 12, 1))
    with pytest.raises(SetupError, match=r'is of Python 3\.11, PYTHON is 3\.12'):
        cli.set_up(layout, 'full', same_python=True)
    monkeypatch.setattr(cli, 'stale', lambda *_: [])
    cli.set_up(layout, 'full')


def test_sets_name_each_step_after_the_one_it_needs():
    for steps in SETS.values():
        for index, step in enumerate(steps):
            assert step.after is None or step.after in steps[:index]
            assert step.stamp(Layout(ROOT)) == step.stamp(Layout(ROOT))
