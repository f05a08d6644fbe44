# SPDX-License-Identifier: Apache-2.0
"""
YAML as plain values: nothing that a file names is imported, built or called.

The parser's events become dictionaries, lists, strings, numbers and ``Tagged`` values without
recursion, so that what a file may cost is bounded by its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
import re
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.wording import quoted, reason, shortened
import yaml

LARGEST_FILE = 4 << 20
"""Bytes of a file that is read; ns-train writes some ten thousand."""
_DEEPEST = 64  # ns-train's configurations nest about ten deep
_MOST_VALUES = 200_000  # counted again wherever an alias repeats them
_LONGEST_NUMBER = 64
_PYTHON = 'tag:yaml.org,2002:python/'
_STANDARD = 'tag:yaml.org,2002:'
# Python's own plain values, which PyYAML writes with a tag.
_PLAIN_PYTHON = {
    f'{_PYTHON}{name}': f'{_STANDARD}{standard}'
    for name, standard in {
        'none': 'null', 'bool': 'bool', 'int': 'int', 'float': 'float', 'str': 'str',
        'list': 'seq', 'dict': 'map',
    }.items()
}
_TUPLE = f'{_PYTHON}tuple'
_SCALARS = frozenset(f'{_STANDARD}{name}' for name in ('null', 'bool', 'int', 'float'))
_UNTAGGED = frozenset(f'{_STANDARD}{name}' for name in ('str', 'seq', 'map', 'timestamp'))
_OBJECT_TAG = re.compile(re.escape(_PYTHON) + r'(object|object/apply|object/new|name|module):(.+)')

# The same events from libyaml, where PyYAML was built with it, ten times as fast.
_Loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


@dataclass(frozen=True)
class Tagged:
    """A value that a file marks as something other than a plain value; it stays data."""

    tag: str
    """As in the file, such as ``tag:yaml.org,2002:python/object:package.module.Class``."""
    value: Any
    """The dictionary, list or string behind the tag."""

    @property
    def python_name(self) -> str | None:
        """Return the dotted name of the Python object that the tag names, if it names one."""
        match = _OBJECT_TAG.fullmatch(self.tag)
        return match[2] if match else None


def read_yaml(path: Path) -> Any:
    """
    Return the content of a YAML file.

    :returns: dictionaries, lists, tuples, strings, numbers, None, and ``Tagged`` values. A value
        that the file repeats by an alias is the same object each time.
    :raises SceneError: if it is no YAML, or larger or deeper than a configuration is.
    """
    try:
        return _Composer().compose(_events(path))
    except SceneError as error:
        raise SceneError(f'{quoted(str(path))}: {error}') from error.__cause__
    except Exception as error:  # the parser's own, whatever they are
        raise SceneError(f'{quoted(str(path))} is not readable YAML: {reason(error)}') from error


def _events(path: Path) -> Iterator[yaml.Event]:
    with path.open('rb') as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise SceneError(f'it is larger than {LARGEST_FILE >> 20} MiB: no configuration of '
                         'ns-train is')
    return yaml.parse(content.decode('utf-8-sig'), Loader=_Loader)


@dataclass
class _Collection:
    """A list or dictionary whose end has not come yet."""

    tag: str | None
    anchor: str | None
    line: int
    is_mapping: bool
    items: list[Any] = field(default_factory=list)
    size: int = 1

    def finished(self) -> Any:
        if not self.is_mapping:
            return tuple(self.items) if self.tag == _TUPLE else self.items
        keys, values = self.items[::2], self.items[1::2]
        for key in keys:
            if not isinstance(key, str | int | float | None):
                raise SceneError(f'line {self.line}: a key is not a plain value')
            if key == '<<':
                raise SceneError(f'line {self.line}: merge keys (<<) are nothing that ns-train '
                                 'writes')
        return dict(zip(keys, values, strict=True))


class _Composer:
    """Builds one document's values from its events."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: list[_Collection] = []
        self._resolver = yaml.SafeLoader('')  # which plain scalars are numbers

    def compose(self, events: Iterator[yaml.Event]) -> Any:
        root = _Collection(None, None, 1, is_mapping=False)
        self._open.append(root)
        for event in events:
            self._take(event)
        if len(root.items) != 1:
            raise SceneError('it does not hold one YAML document')
        return root.items[0]

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event), 1, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add_alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            done = self._open.pop()
            self._add(_tagged(done.tag, done.finished()), done.size, done.anchor)

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        line = event.start_mark.line + 1
        if len(self._open) > _DEEPEST:
            raise SceneError(f'line {line} is nested more than {_DEEPEST} deep')
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Collection(event.tag, event.anchor, line, is_mapping))

    def _add_alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:  # or one that is still open: it would hold itself
            raise SceneError(f'line {event.start_mark.line + 1}: the alias '
                             f'*{shortened(event.anchor)} names nothing before it')
        value, size = self._anchors[event.anchor]
        self._add(value, size, None)

    def _add(self, value: Any, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = value, size
        self._open[-1].items.append(value)
        self._open[-1].size += size
        if self._open[-1].size > _MOST_VALUES:
            raise SceneError(f'it holds more than {_MOST_VALUES} values')

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        tag = _PLAIN_PYTHON.get(event.tag, event.tag)
        if tag is None or tag == '!':
            tag = self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag not in _SCALARS:
            return _tagged(tag, event.value)
        if len(event.value) > _LONGEST_NUMBER:
            return event.value
        node = yaml.ScalarNode(tag, event.value)
        try:
            return self._resolver.construct_object(node)
        except (ValueError, ArithmeticError, LookupError):  # such as !!int abc
            return event.value


def _tagged(tag: str | None, value: Any) -> Any:
    tag = _PLAIN_PYTHON.get(tag, tag) if tag else tag
    if tag is None or tag in ('!', _TUPLE) or tag in _UNTAGGED:
        return value
    if tag == f'{_STANDARD}merge' or tag == f'{_STANDARD}value':
        return value
    return Tagged(tag, value)
