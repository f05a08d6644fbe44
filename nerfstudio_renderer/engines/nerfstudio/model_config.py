# SPDX-License-Identifier: Apache-2.0
"""
nerfstudio's own configuration of a model, from plain values.

Only the model's configuration is built, with its own defaults; the file's plain values replace
them. A value that names a class is taken where the default is of exactly that class, and
configures exactly what the default configures. Nothing else is imported, built or called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
import copy
import dataclasses
from enum import Enum
import importlib
import logging
import os
from typing import Any

from nerfstudio.models.base_model import Model
from nerfstudio.models.base_model import ModelConfig as NerfstudioConfig
from nerfstudio_renderer.errors import contained, SceneError
from nerfstudio_renderer.scene.config import ModelConfig
from nerfstudio_renderer.scene.yaml_values import Tagged
from nerfstudio_renderer.wording import quoted, reason, shortened

METHOD_PACKAGES_VARIABLE = 'NERFSTUDIO_RENDERER_METHOD_PACKAGES'
"""Environment variable: comma-separated names of packages with methods outside nerfstudio."""

_NERFSTUDIO_MODELS = 'nerfstudio.models'
_TARGET = '_target'
_log = logging.getLogger(__name__)


def nerfstudio_config(
    config: ModelConfig, method_packages: Collection[str] = ()
) -> NerfstudioConfig:
    """
    Return the configuration that nerfstudio builds the model from.

    :param method_packages: names of packages whose methods are trusted, besides nerfstudio's own
        and those in the environment variable ``NERFSTUDIO_RENDERER_METHOD_PACKAGES``.
    :raises SceneError: if the file names a class outside these, or one that is no model.
    """
    trusted = (_NERFSTUDIO_MODELS, *method_packages, *_packages_from_environment())
    try:
        cls = _model_class(config.class_name, NerfstudioConfig, trusted)
        target = _model_class(config.target, Model, trusted)
        with _trusted_code(f'making {shortened(config.class_name)}'):
            built = cls()
            _fill(built, config.values, 'pipeline.model')
    except SceneError as error:
        raise SceneError(f'{quoted(str(config.path))}: {error}') from error.__cause__
    built._target = target
    return built


def _packages_from_environment() -> tuple[str, ...]:
    names = os.environ.get(METHOD_PACKAGES_VARIABLE, '').split(',')
    return tuple(name.strip() for name in names if name.strip())


@contextmanager
def _trusted_code(action: str, remedy: str = '') -> Iterator[None]:
    """Turn whatever a method's own code raises into a SceneError."""
    try:
        with contained(action):
            yield
    except SceneError:
        raise
    except Exception as error:
        raise SceneError(f'{action} failed: {type(error).__name__}: {reason(error)}{remedy}'
                         ) from error


def _model_class(name: str, base: type, trusted: Collection[str]) -> type:
    if not any(name.startswith(f'{package}.') for package in trusted):
        raise SceneError(
            f'{shortened(name)} is outside nerfstudio.models and the packages in '
            f'{METHOD_PACKAGES_VARIABLE}; nothing was run. Name the package of the method there '
            'if you trust it'
        )
    module, _, attribute = name.rpartition('.')
    with _trusted_code(
        f'importing {shortened(name)}', '; install the method it belongs to, or the version of '
        'nerfstudio it was trained with'
    ):
        found = getattr(importlib.import_module(module), attribute)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise SceneError(f'{shortened(name)} is not a {base.__name__} of nerfstudio')
    return found


def _fill(built: Any, values: Mapping[str, Any], where: str) -> None:
    """Replace the defaults of a configuration by what a file says."""
    known = {field.name for field in dataclasses.fields(built)} - {_TARGET}
    for name in values.keys() & known:
        default = getattr(built, name)
        setattr(built, name, _value(default, values[name], f'{where}.{name}'))
    if unknown := sorted(map(str, values.keys() - known - {_TARGET})):
        _log.info('ignored in %s, which this version of nerfstudio does not have: %s', where,
                  shortened(', '.join(unknown)))


def _value(default: Any, value: Any, where: str) -> Any:
    if _is_plain(value):
        return value
    if dataclasses.is_dataclass(default) and not isinstance(default, type):
        return _nested(default, value, where)
    if isinstance(default, Enum) and _names(value, type(default)):
        return _enumerated(default, value)
    # A class that only training builds, such as an optimiser or a loss.
    return default


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _nested(default: Any, value: Any, where: str) -> Any:
    if not _configures_the_same(default, value):
        raise SceneError(f'{where} is {quoted(value)}, which does not belong to this model: '
                         f'it has a {type(default).__name__}; nothing was run')
    built = copy.copy(default)
    _fill(built, value.value, where)
    return built


def _configures_the_same(default: Any, value: Any) -> bool:
    if not (_names(value, type(default)) and isinstance(value.value, Mapping)):
        return False
    target = value.value.get(_TARGET)
    return target is None or _names(target, getattr(default, _TARGET, type(None)))


def _names(value: Any, cls: type) -> bool:
    name = f'{cls.__module__}.{cls.__qualname__}'
    return isinstance(value, Tagged) and value.python_name == name


def _enumerated(default: Enum, value: Tagged) -> Enum:
    members = {member.value: member for member in type(default)}
    chosen = value.value[0] if isinstance(value.value, list) and value.value else None
    return members.get(chosen, default) if isinstance(chosen, str | int) else default
