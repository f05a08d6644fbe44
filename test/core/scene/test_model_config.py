# SPDX-License-Identifier: Apache-2.0
"""What is read of config.yml: plain values of every method, and nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from enum import Enum
from pathlib import Path, PurePath
import random
import sys
from typing import Any

from nerfstudio.configs.method_configs import method_configs
from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.config import ModelConfig, read_model_config
from nerfstudio_renderer.scene.yaml_values import Tagged
import pytest
import yaml


def _dotted(cls: Any) -> str:
    return f'{cls.__module__}.{cls.__qualname__}'


def _assert_same(read: Any, value: Any, where: str) -> None:
    """Compare what was read with what nerfstudio wrote."""
    if value is None or isinstance(value, bool | int | float | str):
        assert (type(read), read) == (type(value), value), where
    elif isinstance(value, list | tuple):
        assert type(read) is type(value), where
        assert len(read) == len(value), where
        for index, (one, other) in enumerate(zip(read, value, strict=True)):
            _assert_same(one, other, f'{where}[{index}]')
    elif isinstance(value, dict):
        assert read.keys() == value.keys(), where
        for key, item in value.items():
            _assert_same(read[key], item, f'{where}[{key!r}]')
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        assert isinstance(read, Tagged), where
        assert read.python_name == _dotted(type(value)), where
        _assert_same(read.value, vars(value), where)
    elif isinstance(value, Enum | PurePath):
        assert isinstance(read, Tagged), where
        assert read.python_name == _dotted(type(value)), where
    else:  # a class or a function
        assert isinstance(read, Tagged), where
        assert read.python_name == _dotted(value), where


@pytest.mark.parametrize('method', sorted(method_configs))
def test_the_configs_of_all_of_nerfstudios_methods_are_read(method, tmp_path):
    path = tmp_path / 'config.yml'
    path.write_text(yaml.dump(method_configs[method]))
    config = read_model_config(path)
    model = method_configs[method].pipeline.model
    assert config.class_name == _dotted(type(model))
    assert config.target == _dotted(model._target)
    _assert_same(dict(config.values), vars(model), method)


def test_values_are_read_only(tiny_scene):
    config = read_model_config(tiny_scene)
    with pytest.raises(TypeError):
        config.values['num_levels'] = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.target = 'other'


def test_nothing_is_imported_that_a_file_names(tmp_path, monkeypatch):
    marker = tmp_path / 'imported'
    (tmp_path / 'named_by_a_scene.py').write_text(f'open({str(marker)!r}, "w").close()\n')
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / 'config.yml'
    path.write_text("""!!python/object:named_by_a_scene.Trainer
pipeline: !!python/object:named_by_a_scene.Pipeline
  extra: !!python/object/apply:named_by_a_scene.run [a]
  model: !!python/object:named_by_a_scene.ModelConfig
    _target: !!python/name:named_by_a_scene.Model ''
    module: !!python/module:named_by_a_scene ''
    new: !!python/object/new:named_by_a_scene.Thing {args: [1], state: {a: 1}}
    other: !anything {b: 2}
""")
    config = read_model_config(path)
    assert config.class_name == 'named_by_a_scene.ModelConfig'
    assert config.target == 'named_by_a_scene.Model'
    assert config.values['new'].value == {'args': [1], 'state': {'a': 1}}
    assert config.values['other'] == Tagged('!anything', {'b': 2})
    assert 'named_by_a_scene' not in sys.modules
    assert not marker.exists()


def _config(**values: Any) -> ModelConfig:
    return ModelConfig(Path('config.yml'), 'a.Config', 'a.Model', values)


def test_fields_of_the_right_kind_are_returned():
    config = _config(number=3, real=0.5, flag=False, count=4.0, word='b')
    assert config.number('number', 1.0) == 3.0
    assert isinstance(config.number('number', 1.0), float)
    assert config.number('real', 1.0) == 0.5
    assert config.number('missing', 1.5) == 1.5
    assert config.count('number', 1) == 3
    assert type(config.count('count', 1)) is int
    assert config.count('missing', 7) == 7
    assert config.flag('flag', True) is False
    assert config.flag('missing', True) is True
    assert config.choice('word', 'a', {'a': 1, 'b': 2}) == 2


@pytest.mark.parametrize('value', [
    None, True, '3', '', [], [3], {}, float('nan'), float('inf'), -1, 2**63, -(2**200), 10**400,
    1e300, Tagged('!x', 3), 'x' * 10000,
], ids=lambda value: repr(value)[:20])
def test_fields_of_another_kind_or_range_are_refused_with_the_value(value):
    config = _config(field=value)
    asked = [lambda: config.count('field', 1), lambda: config.choice('field', 'a', {'a': 1})]
    if value is not True:
        asked.append(lambda: config.flag('field', True))
    if value != 1e300:
        asked.append(lambda: config.number('field', 1.0))
    for ask in asked:
        with pytest.raises(SceneError, match="'config.yml': field of pipeline.model is ") as error:
            ask()
        assert '\n' not in str(error.value)
        assert len(str(error.value)) < 400


@pytest.mark.parametrize('value', [0.5, 2.5, 0, 1 << 21])
def test_counts_are_whole_numbers_in_a_range(value):
    with pytest.raises(SceneError, match='not a whole number from 1 to 1048576'):
        _config(field=value).count('field', 1)


def _mutated(content: bytes, generator: random.Random) -> bytes:
    """Return a file in which some bytes, lines or words have changed."""
    data = bytearray(content)
    snippets = [b'!!timestamp x', b'&a', b'*a', b'<<: *a', b'!!binary x', b'!!python/tuple', b'{',
                b'[', b'- ', b': ', b'? ', b'!!set', b'!!int abc', b'!!float .', b'|', b'"', b"'",
                b'%YAML 9.9', b'---', b'...', b'\t', b'\x00', b'\xff', b'\xc2', b'\n', b'.nan',
                b'1:2:3', b'0x', b'2001-99-99', b'!!python/object:a.B', b'!<tag:x>', b'&', b'*',
                b'!!omap', b'!!null x', b'!!bool maybe', b'1e400', b'1_0', b'= ', b'\xef\xbb\xbf']
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(data))
        kind = generator.randrange(5)
        if kind == 0:
            data[at] = generator.randrange(256)
        elif kind == 1:
            del data[at:at + generator.randint(1, 40)]
        elif kind == 2:
            data[at:at] = generator.choice(snippets)
        elif kind == 3:
            other = generator.randrange(len(data))
            data[at:at] = data[other:other + generator.randint(1, 80)]
        else:
            end = data.find(b'\n', at)
            data[at:end if end > 0 else None] = generator.choice(snippets)
    return bytes(data)


@pytest.mark.parametrize('seed', range(8))
def test_of_a_config_with_random_damage_only_scene_errors_come(tmp_path, seed):
    content = bundled_config().read_bytes()
    generator = random.Random(seed)
    path = tmp_path / 'config.yml'
    refused = 0
    for _ in range(150):
        path.write_bytes(_mutated(content, generator))
        try:
            config = read_model_config(path)
            assert isinstance(config.values, Mapping)
        except SceneError as error:
            refused += 1
            assert str(path) in str(error)  # noqa: PT017 - it need not be raised
            assert '\n' not in str(error)  # noqa: PT017
            assert len(str(error)) < 1500  # noqa: PT017
    assert 10 < refused < 150
