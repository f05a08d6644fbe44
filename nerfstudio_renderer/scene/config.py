# SPDX-License-Identifier: Apache-2.0
"""
What ``config.yml`` says of a model, as plain values.

``ns-train`` writes its configuration as YAML with the names of Python classes. Here they stay
names: no class is imported, built or called, of whatever version or plug-in it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import math
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.yaml_values import read_yaml, Tagged
from nerfstudio_renderer.wording import quoted

_TARGET = '_target'
_Choice = TypeVar('_Choice')


@dataclass(frozen=True)
class ModelConfig:
    """The configuration of a scene's model."""

    path: Path
    """The file that it was read from, for messages."""
    class_name: str
    """Dotted name of its class, such as ``nerfstudio.models.nerfacto.NerfactoModelConfig``."""
    target: str
    """Dotted name of the model that it configures."""
    values: Mapping[str, Any]
    """
    Its fields: strings, numbers, None, lists, tuples, dictionaries, and ``Tagged`` values where
    the file names a class; read-only.
    """

    def number(self, name: str, default: float, *, least: float = 0.0) -> float:
        """Return a field that is a finite number of at least ``least``."""
        value = self.values.get(name, default)
        if not _is_number(value) or not math.isfinite(value) or value < least:
            raise self.refusal(name, value, f'a number of at least {least:g}')
        return float(value)

    def count(self, name: str, default: int, *, least: int = 1, most: int = 1 << 20) -> int:
        """Return a field that is a whole number in a range."""
        value = self.values.get(name, default)
        if not _is_number(value) or value != int(value) or not least <= value <= most:
            raise self.refusal(name, value, f'a whole number from {least} to {most}')
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        """Return a field that is true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self.refusal(name, value, 'true or false')
        return value

    def choice(self, name: str, default: str, choices: Mapping[str, _Choice]) -> _Choice:
        """Return what a field stands for that is one of some words."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self.refusal(name, value, f'one of {", ".join(choices)}')
        return choices[value]

    def refusal(self, name: str, value: object, wanted: str) -> SceneError:
        """Return the error of a field whose value is not what its method has."""
        return SceneError(f'{quoted(str(self.path))}: {name} of pipeline.model is '
                          f'{quoted(value)}, not {wanted}')


def read_model_config(path: Path) -> ModelConfig:
    """
    Return what ``config.yml`` says of the model.

    :raises SceneError: if it is no configuration of ns-train.
    """
    model = _field(_field(read_yaml(path), 'pipeline', path), 'model', path)
    class_name = model.python_name if isinstance(model, Tagged) else None
    values = _fields(model)
    if class_name is None or values is None:
        raise SceneError(f'{quoted(str(path))}: pipeline.model is not the configuration of a '
                         'nerfstudio model; is this the config.yml of ns-train?')
    target = values.get(_TARGET)
    if not (isinstance(target, Tagged) and target.python_name):
        raise SceneError(f'{quoted(str(path))}: pipeline.model names no model to build')
    return ModelConfig(path, class_name, target.python_name, MappingProxyType(values))


def _field(value: Any, name: str, path: Path) -> Any:
    fields = _fields(value)
    if fields is None or name not in fields:
        raise SceneError(f'{quoted(str(path))}: there is no {name!r} where ns-train writes it; is '
                         'this its config.yml?')
    return fields[name]


def _fields(value: Any) -> dict[str, Any] | None:
    if isinstance(value, Tagged):
        value = value.value
    return value if isinstance(value, dict) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
