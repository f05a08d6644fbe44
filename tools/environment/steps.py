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

"""The steps of the set-up, each done again only when its inputs or a step before it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
import inspect
from pathlib import Path

from tools.environment import cmake_paths, fingerprint, verification, virtualenv, wheels, workspace
from tools.environment.commands import Shell
from tools.environment.layout import Layout


@dataclass(frozen=True)
class Step:
    """One part of the environment."""

    name: str
    """Name of its stamp."""

    title: str
    """What the user reads while it is done."""

    identity: Callable[[Layout], str]
    """What stands for its inputs; another value makes it, and all after it, stale."""

    act: Callable[[Layout, Shell], None]
    """Does it, completely or by finishing what an interrupted run left."""


def nothing(_: Layout) -> str:
    """Return the identity of a step whose inputs are those of the step before it."""
    return ''


STEPS = (
    Step('venv', 'virtual environment', virtualenv.version, virtualenv.create),
    Step('wheels', 'wheels: ROS 2, tools, for Kilted nerfstudio and PyTorch (8 GB)',
         wheels.identity, wheels.install),
    Step('cmake', 'include paths of the ROS 2 wheels', nothing, cmake_paths.repair),
    Step('interfaces', 'nerfstudio_renderer_msgs', workspace.interfaces_identity,
         workspace.build_interfaces),
    Step('project', 'nerfstudio_renderer_ros', workspace.project_identity,
         workspace.install_project),
    Step('verify', 'trial of the result', nothing, verification.verify),
)


def expected(step: Step, before: str, layout: Layout) -> str:
    """Return a finished step's stamp: its inputs, its code, and the stamp of the step before."""
    code = Path(inspect.getfile(step.act)).read_text()
    return fingerprint.of_texts([before, code, step.identity(layout)])


def stale(layout: Layout, steps: Sequence[Step] = STEPS) -> Iterator[Step]:
    """
    Yield the steps that must be done, in order; each is stamped when the next one is asked for.

    So a step that raises, or is killed, stays undone.
    """
    before = ''
    usable = virtualenv.is_usable(layout)
    for index, step in enumerate(steps):
        stamp = layout.stamps / step.name
        done = usable and stamp.exists() and stamp.read_text() == expected(step, before, layout)
        if not done:
            # Its failure may leave what the later steps did half undone.
            for later in steps[index:]:
                (layout.stamps / later.name).unlink(missing_ok=True)
            yield step
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(expected(step, before, layout))
        before = stamp.read_text()
