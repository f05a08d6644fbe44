# SPDX-License-Identifier: Apache-2.0
"""What can be said of the launch files where there is no launch."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LAUNCH = Path(__file__).parents[2] / 'launch'


@pytest.mark.parametrize('name', ['renderer.launch.py', 'demo.launch.py'])
def test_a_launch_file_compiles_and_describes(name: str):
    tree = ast.parse((LAUNCH / name).read_text(), name)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert 'generate_launch_description' in functions
