# SPDX-License-Identifier: Apache-2.0
"""The steps of the set-up, each done again only when its inputs or a step before it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
import inspect
from pathlib import Path

from tools.environment import virtualenv, wheels, workspace
from tools.environment.layout import Layout
from tools.environment.shell import Shell


@dataclass(frozen=True)
class Step:
    """One part of the environment."""

    name: str
    """Name of its stamp."""

    title: str
    """What the user reads while it is done."""

    inputs: Callable[[Layout], str]
    """What stands for its inputs; another value makes it, and all after it, stale."""

    act: Callable[[Layout, Shell], None]
    """Does it, completely or by finishing what an interrupted run left."""

    after: Step | None = None
    """The step that must be done before."""

    def comes_after(self, other: Step) -> bool:
        """Return whether it is another step, or must be done after it."""
        return self is other or (self.after is not None and self.after.comes_after(other))

    def stamp(self, layout: Layout) -> str:
        """Return what marks it as done: the hash of its inputs, its code and the step before."""
        before = self.after.stamp(layout) if self.after else ''
        code = Path(inspect.getfile(self.act)).read_text()
        return sha256('\0'.join([before, code, self.inputs(layout)]).encode()).hexdigest()


VENV = Step('venv', 'virtual environment', virtualenv.version, virtualenv.create)
LIGHT = Step('light', 'wheels: numpy, ROS 2, build tools (0.6 GB)',
             wheels.light_inputs, wheels.install_light, VENV)
INTERFACES = Step('interfaces', 'nerfstudio_renderer_msgs', workspace.interfaces_inputs,
                  workspace.build_interfaces, LIGHT)
PROJECT = Step('project', 'nerfstudio_renderer_ros', workspace.project_inputs,
               workspace.install_project, INTERFACES)
FULL = Step('full', 'wheels: nerfstudio, PyTorch, tests (8 GB, some minutes)',
            wheels.full_inputs, wheels.install_full, LIGHT)

SETS = {
    'light': (VENV, LIGHT, INTERFACES, PROJECT),
    'full': (VENV, LIGHT, INTERFACES, PROJECT, FULL),
    'wheels': (VENV, LIGHT, FULL),  # for a layer of a container image
}
"""What can be asked for, in the order of doing it."""


def stale(layout: Layout, steps: Sequence[Step] = SETS['full']) -> Iterator[Step]:
    """
    Yield the steps that must be done, in order; each is stamped when the next one is asked for.

    So a step that raises, or is killed, stays undone.
    """
    stamps = layout.state / 'stamps'
    usable = virtualenv.is_usable(layout)
    for step in steps:
        path = stamps / step.name
        if usable and path.exists() and path.read_text() == step.stamp(layout):
            continue
        # Its failure may leave what the later steps did half undone.
        for later in {*steps, *SETS['full']}:
            if later.comes_after(step):
                (stamps / later.name).unlink(missing_ok=True)
        yield step
        stamps.mkdir(parents=True, exist_ok=True)
        path.write_text(step.stamp(layout))
