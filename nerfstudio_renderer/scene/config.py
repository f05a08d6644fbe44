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
"""
Reading ``config.yml`` without running anything that it names.

``ns-train`` writes its configuration as YAML with Python object tags, and nerfstudio reads it
back with a loader that calls whatever the file says. Here every tag is checked first, and then
only the model's part is built, from dataclasses alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
import dataclasses
from enum import Enum
import importlib
import os
from pathlib import Path
from typing import Any

from nerfstudio.models.base_model import Model, ModelConfig
from nerfstudio_renderer.errors import SceneError
import yaml

METHOD_PACKAGES_VARIABLE = 'NERFSTUDIO_RENDERER_METHOD_PACKAGES'
"""Environment variable: comma-separated names of packages with methods outside nerfstudio."""

_PREFIX = 'tag:yaml.org,2002:python/'
# Built-in values, and tuples and paths, are built as what they are.
_PLAIN = frozenset({'tuple', 'bool', 'int', 'float', 'complex', 'str', 'none', 'list', 'dict'})
_PATHS = frozenset(
    f'{module}.{name}'
    for module in ('pathlib', 'pathlib._local')
    for name in ('Path', 'PosixPath', 'WindowsPath', 'PurePath', 'PurePosixPath')
)
# Named by the configuration of optimisers, which are never built.
_NAMED_ONLY = ('torch',)
# How YAML writes a parametrised class, such as a data manager of a data set; never built.
_PARAMETRISED = '_operator.getitem'


def read_model_config(path: Path, method_packages: Collection[str] = ()) -> ModelConfig:
    """
    Return the model's configuration out of ``config.yml``.

    :param path: the file.
    :param method_packages: names of packages, besides nerfstudio and those in the environment
        variable ``NERFSTUDIO_RENDERER_METHOD_PACKAGES``, whose classes it may name.
    :raises SceneError: if it is no configuration of ns-train, or names anything else.
    """
    trusted = ('nerfstudio', *method_packages, *_packages_from_environment())
    try:
        root = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SceneError(f'{str(path)!r} is not readable YAML: {_one_line(error)}') from error
    try:
        _check_tags(root, trusted)
        model = _child(_child(root, 'pipeline'), 'model')
        config = _ConfigBuilder(trusted).build(model)
    except SceneError as error:
        raise SceneError(f'{str(path)!r}: {error}') from error.__cause__
    return _checked(config, path)


def _packages_from_environment() -> tuple[str, ...]:
    names = os.environ.get(METHOD_PACKAGES_VARIABLE, '').split(',')
    return tuple(name.strip() for name in names if name.strip())


def _checked(config: Any, path: Path) -> ModelConfig:
    target = getattr(config, '_target', None)
    if not isinstance(config, ModelConfig):
        raise SceneError(f'{str(path)!r}: pipeline.model is {type(config).__name__}, not the '
                         'configuration of a nerfstudio model')
    if not (isinstance(target, type) and issubclass(target, Model)):
        raise SceneError(f'{str(path)!r}: pipeline.model builds {target!r}, which is not a '
                         'nerfstudio model')
    return config


def _check_tags(root: yaml.Node | None, trusted: Collection[str]) -> None:
    """Refuse every tag, anywhere in the file, that could do more than name a known class."""
    for node in _walk(root):
        if not node.tag.startswith(_PREFIX):
            continue
        kind, _, name = node.tag.removeprefix(_PREFIX).partition(':')
        if not _is_harmless(kind, name, trusted):
            raise SceneError(
                f'line {node.start_mark.line + 1} has the tag !!python/{kind}'
                f'{":" * bool(name)}{name}, which is outside nerfstudio and the packages in '
                f'{METHOD_PACKAGES_VARIABLE}; nothing was run'
            )


def _is_harmless(kind: str, name: str, trusted: Collection[str]) -> bool:
    if kind in _PLAIN:
        return True
    if kind == 'object/apply':
        # What is built must be an Enum besides.
        return name in _PATHS or name == _PARAMETRISED or _is_inside(name, trusted)
    if kind == 'name':
        return name in _PATHS or _is_inside(name, (*trusted, *_NAMED_ONLY))
    return kind == 'object' and _is_inside(name, trusted)


def _is_inside(name: str, packages: Collection[str]) -> bool:
    return any(name.startswith(f'{package}.') for package in packages)


def _walk(root: yaml.Node | None) -> Iterator[yaml.Node]:
    seen: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(each for pair in node.value for each in pair)


def _child(node: yaml.Node | None, key: str) -> yaml.Node:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    raise SceneError(f'there is no {key!r} where ns-train writes it; is this its config.yml?')


class _ConfigBuilder:
    """Builds dataclasses, enumerations, paths and plain values from YAML nodes."""

    def __init__(self, trusted: Collection[str]) -> None:
        self._trusted = trusted

    def build(self, node: yaml.Node) -> Any:
        loader = _loader_class(self._trusted)('')
        try:
            return loader.construct_document(node)
        except yaml.YAMLError as error:
            raise SceneError(_one_line(error)) from error
        finally:
            loader.dispose()


def _loader_class(trusted: Collection[str]) -> type[yaml.SafeLoader]:
    class Loader(yaml.SafeLoader):
        pass

    def python_object(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> Any:
        return _build_dataclass(_resolve(name, trusted), loader.construct_mapping(node, deep=True))

    def python_apply(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> Any:
        arguments = loader.construct_sequence(node, deep=True)
        if name in _PATHS:
            return Path(*arguments)
        found = _resolve(name, trusted)
        if not (isinstance(found, type) and issubclass(found, Enum)):
            raise SceneError(f'calling {name} is refused: it is not an enumeration')
        return found(*arguments)

    def python_name(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> Any:
        return _resolve(name, (*trusted, *_NAMED_ONLY))

    def python_tuple(loader: yaml.SafeLoader, node: yaml.Node) -> tuple:
        return tuple(loader.construct_sequence(node, deep=True))

    Loader.add_constructor(f'{_PREFIX}tuple', python_tuple)
    Loader.add_multi_constructor(f'{_PREFIX}object:', python_object)
    Loader.add_multi_constructor(f'{_PREFIX}object/apply:', python_apply)
    Loader.add_multi_constructor(f'{_PREFIX}name:', python_name)
    return Loader


def _resolve(name: str, packages: Collection[str]) -> Any:
    if not _is_inside(name, packages):
        raise SceneError(f'{name} is outside {", ".join(packages)}')
    module, _, attribute = name.rpartition('.')
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SceneError(f'{name} cannot be found: {error}; install the method it belongs to, '
                         'or the version of nerfstudio it was trained with') from error


def _build_dataclass(cls: Any, values: dict[str, Any]) -> Any:
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise SceneError(f'{cls!r} is not a configuration class')
    known = {field.name for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - known):
        raise SceneError(f'{cls.__name__} has no {", ".join(unknown)}; was the scene trained '
                         'with another version of nerfstudio?')
    return cls(**values)


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
