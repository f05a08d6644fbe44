# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: the core numpy alone, but for its engines; the adapter no PyTorch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE, ADAPTER = ROOT / 'nerfstudio_renderer', ROOT / 'nerfstudio_renderer_ros'
OWN = {'nerfstudio_renderer', 'numpy', 'yaml'}
TORCH = {'torch', 'triton'}
# What stands in these folders, or files, may import more than numpy.
MORE = {
    CORE / 'engines' / 'torch_support': TORCH,
    CORE / 'engines' / 'nerfstudio': TORCH | {'nerfstudio', 'torchmetrics', 'tinycudann'},
    CORE / 'server': {'rpyc'},
    CORE / 'device.py': {'torch'},  # asks it, where there is a driver, how many devices there are
    **dict.fromkeys(CORE.glob('engines/*/cuda'), TORCH),
    # What a file may need, imported when it does.
    CORE / 'command_line' / 'images.py': {'PIL'},
    CORE / 'scene' / 'gaussians' / 'sog_pictures.py': {'PIL'},
    CORE / 'scene' / 'gaussians' / 'zstd.py': {'compression', 'zstandard'},
}
# Engines, none of which knows another.
ENGINES = {
    'nerfacto/cpu': CORE / 'engines' / 'nerfacto' / 'cpu',
    'nerfacto/cuda': CORE / 'engines' / 'nerfacto' / 'cuda',
    'nerfstudio': CORE / 'engines' / 'nerfstudio',
    **{f'{folder.parent.name}/{folder.name}': folder
       for folder in CORE.glob('engines/*/*') if folder.name in ('cpu', 'cuda')},
}


def _imports(path: Path) -> Iterator[str]:
    """Yield the full names of what a file imports, at any place in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f'{path}: a relative import'
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.rglob('*.py'))
    assert files, folder
    return files


def _foreign(path: Path) -> set[str]:
    """Return the packages that a file imports and that Python does not bring along."""
    return {name.split('.')[0] for name in _imports(path)} - sys.stdlib_module_names


def _allowed(path: Path) -> set[str]:
    more = [names for place, names in MORE.items() if path.is_relative_to(place)]
    return OWN.union(*more)


@pytest.mark.parametrize('path', _files(CORE), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_numpy_and_yaml_but_for_what_engines_are_made_of(path):
    assert not _foreign(path) - _allowed(path)


def test_the_rule_is_about_what_there_is():
    assert len(MORE) >= 5
    for place, names in MORE.items():
        files = _files(place) if place.is_dir() else [place]
        assert names & set().union(*map(_foreign, files)), f'{place} needs no exception'


@pytest.mark.parametrize('name', ENGINES)
def test_engines_know_nothing_of_each_other(name):
    others = {'.'.join(folder.relative_to(ROOT).parts)
              for folder in ENGINES.values() if folder != ENGINES[name]}
    for path in _files(ENGINES[name]):
        known = [imported for imported in _imports(path)
                 if any(f'{imported}.'.startswith(f'{other}.') for other in others)]
        assert not known, path


def test_what_is_below_the_engines_knows_none_of_them():
    # Only the registry makes engines; what all share are its protocol, its pixels and its rays.
    engines = tuple(f'nerfstudio_renderer.engines.{name}.' for name in
                    ('nerfacto', 'nerfstudio', 'gaussians', 'torch_support'))
    for room in ('cameras', 'rendering', 'scene'):
        for path in _files(CORE / room):
            assert not [name for name in _imports(path) if name.startswith(engines)], path


def test_the_adapter_imports_ros_and_the_core():
    forbidden = TORCH | {'nerfstudio', 'rpyc'}
    for path in _files(ADAPTER):
        assert not _foreign(path) & forbidden, path


def test_the_adapter_uses_only_the_cores_public_names():
    inner = [
        (path.name, name)
        for path in _files(ADAPTER)
        for name in _imports(path)
        if name.startswith('nerfstudio_renderer.') and name.count('.') > 1
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
