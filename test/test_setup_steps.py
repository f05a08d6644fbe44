# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The set-up does a step again exactly when its inputs or a step before it changed."""

from pathlib import Path
import sys

import pytest
from tools.environment import cli, steps, virtualenv
from tools.environment.errors import SetupError
from tools.environment.layout import Layout
from tools.environment.steps import stale, Step


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
    """Return the inputs of the three steps below, to be changed."""
    return {'first': 'a', 'second': 'b', 'third': 'c'}


@pytest.fixture
def three(inputs):
    """Return three steps that do nothing."""
    def step(name):
        return Step(name, name, lambda _: inputs[name], lambda *_: None)

    return [step(name) for name in inputs]


def names(layout, three):
    return [step.name for step in stale(layout, three)]


def test_every_step_once(layout, three):
    assert names(layout, three) == ['first', 'second', 'third']
    assert names(layout, three) == []


def test_changed_input_makes_the_steps_after_it_stale(layout, three, inputs):
    names(layout, three)
    inputs['second'] = 'changed'
    assert names(layout, three) == ['second', 'third']
    assert names(layout, three) == []


def test_interrupted_step_is_done_again(layout, three):
    for step in stale(layout, three):
        if step.name == 'second':
            break  # as an exception in the step would
    assert names(layout, three) == ['second', 'third']


def test_step_that_was_done_before_but_failed_now_is_done_again(layout, three, inputs):
    names(layout, three)
    inputs['second'] = 'changed'
    next(stale(layout, three))
    inputs['second'] = 'b'
    assert names(layout, three) == ['second', 'third']


def test_environment_without_interpreter_starts_anew(layout, three):
    names(layout, three)
    layout.python.unlink()
    layout.python.symlink_to('/nowhere/python3')
    assert names(layout, three) == ['first', 'second', 'third']


def test_moved_environment_starts_anew(layout, three):
    (layout.state / virtualenv.MADE_AT).write_text(str(layout.venv))
    names(layout, three)
    assert names(layout, three) == []
    (layout.state / virtualenv.MADE_AT).write_text('/elsewhere/.venv')
    assert names(layout, three) == ['first', 'second', 'third']


def test_usable_environment_is_kept_whatever_python_runs_this(layout, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 13, 0))
    virtualenv.create(layout, shell=None)
    assert (layout.state / virtualenv.MADE_AT).read_text() == str(layout.venv)
    assert virtualenv.is_usable(layout)


def test_environment_without_pip_is_unfinished(layout):
    (layout.site_packages() / 'pip').rmdir()
    assert not virtualenv.is_usable(layout)


def test_identities_of_this_checkout_can_be_computed():
    layout = Layout(Path(__file__).parents[1])
    assert all(isinstance(step.identity(layout), str) for step in steps.STEPS)


def test_error_is_one_line(layout, three, monkeypatch, capsys):
    def fail(*_):
        raise SetupError('no compiler')

    monkeypatch.setattr(sys, 'argv', ['environment'])
    monkeypatch.setattr(cli, 'set_up', fail)
    assert cli.run() == 1
    assert capsys.readouterr().err == 'error: no compiler\n'


def test_other_python_is_refused_only_when_it_was_asked_for(layout, monkeypatch):
    monkeypatch.setattr(sys, 'version_info', (3, 12, 1))
    with pytest.raises(SetupError, match=r'is of Python 3\.11, PYTHON is 3\.12'):
        cli.set_up(layout, same_python=True)
    monkeypatch.setattr(cli, 'stale', lambda *_: [])
    cli.set_up(layout)


def test_set_up_ends_after_the_step_that_is_named(layout, three, monkeypatch):
    done = []
    recording = [Step(step.name, step.title, step.identity, lambda *_, name=step.name:
                      done.append(name)) for step in three]
    monkeypatch.setattr(cli, 'STEPS', recording)
    cli.set_up(layout, until='second')
    assert done == ['first', 'second']
    cli.set_up(layout, until='second')
    cli.set_up(layout, until='third')
    assert done == ['first', 'second', 'third']
