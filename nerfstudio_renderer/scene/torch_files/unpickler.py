# SPDX-License-Identifier: Apache-2.0
"""
An interpreter of pickles that imports nothing and calls nothing that a pickle names.

Names are looked up in a table of our own; what is not in it ends the reading. Only the opcodes
with which PyTorch writes are known (protocols 2 to 4), those of ``pickletools`` in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import struct
from typing import Any

from nerfstudio_renderer.scene.torch_files.problems import Damaged, Refused
from nerfstudio_renderer.wording import shortened

# nerfacto with its optimiser has 3,500, about 30 for each tensor. Each makes one object or one
# reference of the memo at most, so that this many take 50 MB and a second.
_MOST_OPCODES = 500_000


@dataclass(frozen=True, eq=False)
class Builder:
    """What stands for a function or class that a pickle may call: one of our own."""

    name: str
    """The name that the pickle has for it."""
    build: Callable[..., object]


@dataclass(frozen=True, eq=False)
class Name:
    """What stands for a function or class that a pickle may name but not call."""

    name: str


class Unpickler:
    """
    Reads one pickle.

    :param names: what a pickle may name, by module and name: a ``Builder``, or any value.
    :param persistent: gives the object for a persistent identifier.
    """

    def __init__(
        self,
        data: bytes,
        names: Mapping[tuple[str, str], object],
        persistent: Callable[[object], object],
    ) -> None:
        self._data = data
        self._position = 0
        self._names = names
        self._persistent = persistent
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}

    def load(self) -> object:
        """
        Return what the pickle holds.

        :raises Refused: if it names or does what no checkpoint needs.
        :raises Damaged: if it is not a whole pickle; IndexError and the like mean the same.
        """
        for _ in range(_MOST_OPCODES):
            code = self._data[self._position]
            self._position += 1
            if code == _STOP:
                return self._stack.pop()
            step = _STEPS.get(code)
            if step is None:
                raise Refused(f'it has {bytes([code])!r} in its pickle, which no checkpoint of '
                              'tensors needs; nothing was run')
            step(self)
        raise Refused(f'it has a pickle of more than {_MOST_OPCODES} steps, more than a '
                      'checkpoint of tensors needs')

    # What follows the opcode.

    def _take(self, size: int) -> bytes:
        begin = self._position
        self._position += size
        if self._position > len(self._data):
            raise Damaged('its pickle ends too early')
        return self._data[begin:self._position]

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _text(self, form: str) -> str:
        return self._take(self._number(form)).decode('utf-8', 'surrogatepass')

    def _line(self) -> str:
        end = self._data.index(b'\n', self._position)
        line = self._take(end - self._position)
        self._position += 1
        return line.decode('utf-8')

    # The stack.

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop_mark(self) -> list[Any]:
        """Take what was pushed since the last mark."""
        mark = self._marks.pop()
        items = self._stack[mark:]
        del self._stack[mark:]
        return items

    def _pop(self, count: int) -> list[Any]:
        """Take the last items."""
        items = self._stack[len(self._stack) - count:]
        if len(items) < count:
            raise Damaged('its pickle takes what it never gave')
        del self._stack[len(self._stack) - count:]
        return items

    # Containers.

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise Damaged('its pickle appends to what is no list')
        target.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise Damaged('its pickle fills what is no dictionary')
        for key, value in zip(items[::2], items[1::2], strict=True):
            _check_key(key)
            target[key] = value

    # Names and calls.

    def _name(self, module: object, name: object) -> None:
        if not type(module) is type(name) is str:
            raise Damaged('its pickle names something by what is no text')
        found = self._names.get((module, name))
        if found is None:
            raise Refused(f'it holds {shortened(f"{module}.{name}")}, which is neither a tensor '
                          'nor a plain value; nothing was run')
        self._push(found)

    def _call(self) -> None:
        called, arguments = self._pop(2)
        if type(called) is not Builder or type(arguments) is not tuple:
            name = shortened(getattr(called, 'name', type(called).__name__))
            raise Refused(f'it calls {name}, which is not called here; nothing was run')
        self._push(called.build(*arguments))

    def _set_state(self) -> None:
        target, state = self._pop(2)
        if isinstance(target, Stateful):
            target = target.with_state(state)
        elif type(target) is not dict:  # an OrderedDict's attributes, such as _metadata
            raise Refused(f'it gives a state to {type(target).__name__}; nothing was run')
        self._push(target)

    def _remember(self, index: int) -> None:
        self._memo[index] = self._stack[-1]


class Stateful:
    """What takes the state that a pickle gives it: another object is made of both."""

    def with_state(self, state: object) -> object:
        """Return what the pickle means from here on."""
        raise NotImplementedError


def _check_key(key: object) -> None:
    """
    Refuse keys that could make a dictionary take for ever.

    These are tuples within tuples, each hashed again, and numbers of one hash: Python's of an int
    is its remainder by 2**61 - 1, while those of texts differ with each process.
    """
    is_large = type(key) is int and abs(key) >= 2**61 - 1
    if type(key) not in (str, int, float, bool, bytes, type(None)) or is_large:
        raise Refused('it has a dictionary whose keys are no names or numbers')


_STOP = ord('.')
_STEPS: dict[int, Callable[[Unpickler], None]] = {}


def _steps(table: Mapping[bytes, Callable[[Unpickler], None]]) -> None:
    _STEPS.update({code[0]: step for code, step in table.items()})


_steps({  # numbers and texts
    b'N': lambda u: u._push(None),
    b'\x88': lambda u: u._push(True),
    b'\x89': lambda u: u._push(False),
    b'K': lambda u: u._push(u._number('<B')),
    b'M': lambda u: u._push(u._number('<H')),
    b'J': lambda u: u._push(u._number('<i')),
    b'\x8a': lambda u: u._push(_integer(u._take(u._number('<B')))),
    b'G': lambda u: u._push(u._number('>d')),
    b'X': lambda u: u._push(u._text('<I')),
    b'\x8c': lambda u: u._push(u._text('<B')),
    b'C': lambda u: u._push(u._take(u._number('<B'))),
    b'B': lambda u: u._push(u._take(u._number('<I'))),
})
_steps({  # containers; the members of a set become a list
    b'(': lambda u: u._marks.append(len(u._stack)),
    b')': lambda u: u._push(()),
    b't': lambda u: u._push(tuple(u._pop_mark())),
    b'\x85': lambda u: u._push(tuple(u._pop(1))),
    b'\x86': lambda u: u._push(tuple(u._pop(2))),
    b'\x87': lambda u: u._push(tuple(u._pop(3))),
    b']': lambda u: u._push([]),
    b'a': lambda u: u._append(u._pop(1)),
    b'e': lambda u: u._append(u._pop_mark()),
    b'}': lambda u: u._push({}),
    b's': lambda u: u._set_items(u._pop(2)),
    b'u': lambda u: u._set_items(u._pop_mark()),
    b'\x8f': lambda u: u._push([]),
    b'\x90': lambda u: u._append(u._pop_mark()),
    b'\x91': lambda u: u._push(u._pop_mark()),
})
_steps({  # names, calls, references
    b'c': lambda u: u._name(u._line(), u._line()),
    b'\x93': lambda u: u._name(*u._pop(2)),
    b'R': lambda u: u._call(),
    b'b': lambda u: u._set_state(),
    b'Q': lambda u: u._push(u._persistent(*u._pop(1))),
    b'q': lambda u: u._remember(u._number('<B')),
    b'r': lambda u: u._remember(u._number('<I')),
    b'\x94': lambda u: u._remember(len(u._memo)),
    b'h': lambda u: u._push(u._memo[u._number('<B')]),
    b'j': lambda u: u._push(u._memo[u._number('<I')]),
    b'\x80': lambda u: u._take(1),
    b'\x95': lambda u: u._take(8),
})


def _integer(data: bytes) -> int:
    return int.from_bytes(data, 'little', signed=True)
