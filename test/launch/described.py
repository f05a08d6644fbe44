# SPDX-License-Identifier: Apache-2.0
"""What a launch file would start, without starting it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.launch_description_sources import get_launch_description_from_python_launch_file
from launch.utilities import perform_substitutions
from launch_ros.actions import Node
import yaml

LAUNCH = Path(__file__).parents[2] / 'launch'


@dataclass(frozen=True)
class Command:
    """One node's command line."""

    executable: str
    """Within its package."""
    words: tuple[str, ...]
    """What follows the executable."""

    def after(self, option: str) -> list[str]:
        """Return the words that follow each ``option``."""
        return [word for before, word in pairwise(self.words) if before == option]

    @property
    def params_files(self) -> list[Path]:
        """Return the parameter files, of which a later one overrides an earlier one."""
        return [Path(word) for word in self.after('--params-file')]

    @property
    def overrides(self) -> Mapping[str, Any]:
        """Return the parameters of the last file, for this node alone."""
        (_, settings), = yaml.safe_load(self.params_files[-1].read_text()).items()
        return settings['ros__parameters']


def description(file: str) -> LaunchDescription:
    """Return what a launch file describes."""
    return get_launch_description_from_python_launch_file(str(LAUNCH / file))


def commands(file: str, **arguments: str) -> list[Command]:
    """Return the command lines that a launch file starts, in order."""
    context = LaunchContext(argv=[])
    context.launch_configurations.update(arguments)
    return list(visit(description(file), context))


def visit(entity: LaunchDescriptionEntity, context: LaunchContext) -> Iterator[Command]:
    """Do all that an entity does, apart from starting nodes; return those instead."""
    if isinstance(entity, Node):
        yield _command(entity, context)
        return
    for part in entity.visit(context) or ():
        yield from visit(part, context)


def _command(node: Node, context: LaunchContext) -> Command:
    node._perform_substitutions(context)
    # What Node.execute() adds before it starts the process.
    context.extend_locals({'ros_specific_arguments': {
        'name': f'__node:={node.node_name.rpartition("/")[-1]}',
        'ns': f'__ns:={node.expanded_node_namespace}',
    }})
    words = (perform_substitutions(context, word) for word in node.cmd[1:])
    return Command(node.node_executable, tuple(words))
