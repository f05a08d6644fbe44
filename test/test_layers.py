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
"""Who may import whom: the core knows no ROS, the adapter no PyTorch."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROS = {'rclpy', 'sensor_msgs', 'geometry_msgs', 'std_msgs', 'builtin_interfaces',
       'rcl_interfaces', 'nerfstudio_renderer_msgs', 'nerfstudio_renderer_ros', 'cv_bridge'}
FORBIDDEN = {
    'nerfstudio_renderer': ROS | {'rpyc'},
    'nerfstudio_renderer_ros': {'torch', 'nerfstudio', 'rpyc'},
}
# The folder that serves the queue over rpyc.
MAY_IMPORT = {ROOT / 'nerfstudio_renderer' / 'server': {'rpyc'}}


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or '')
    return names


@pytest.mark.parametrize('package', FORBIDDEN)
def test_a_package_imports_nothing_from_above_it(package):
    files = sorted((ROOT / package).rglob('*.py'))
    assert files
    for path in files:
        roots = {name.split('.')[0] for name in _imports(path)}
        allowed = MAY_IMPORT.get(path.parent, set())
        assert not (roots - allowed) & FORBIDDEN[package], path


def test_the_adapter_uses_only_the_cores_public_names():
    inner = [
        (path.name, name)
        for path in (ROOT / 'nerfstudio_renderer_ros').rglob('*.py')
        for name in _imports(path)
        if name.startswith('nerfstudio_renderer.')
    ]
    assert inner == []


def test_every_public_name_can_be_imported_and_is_known_to_type_checkers():
    import nerfstudio_renderer

    source = ast.parse((ROOT / 'nerfstudio_renderer' / '__init__.py').read_text())
    typed = {
        alias.name
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and node.module.startswith('nerfstudio_renderer.')
        for alias in node.names
    }
    assert typed == set(nerfstudio_renderer.__all__)
    for name in nerfstudio_renderer.__all__:
        assert getattr(nerfstudio_renderer, name) is not None
    with pytest.raises(AttributeError, match='no_such_name'):
        nerfstudio_renderer.no_such_name  # noqa: B018 - looking it up is the test
