# SPDX-License-Identifier: Apache-2.0
"""
Pickles of ``torch.save`` as plain values.

Pickle is a language; this reads the part of it that tensors, containers and numbers are written
in. What a file names is looked up in a table of our own builders, and imported from nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import io
import pickle
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.torch_files.archive import Archive
from nerfstudio_renderer.scene.torch_files.stored_tensor import (
    ELEMENT_TYPES,
    Storage,
    StoredTensor,
)
from nerfstudio_renderer.wording import quoted, shortened
import numpy as np

# All that protocol 2, which torch.save writes, needs for containers, numbers and tensors; and what
# later protocols write in its place. No INST, OBJ, EXT: these build objects. No BYTEARRAY8, whose
# claimed length would be allocated before it is read.
_OPCODES = (
    pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.POP, pickle.POP_MARK,
    pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE,
    pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.BINFLOAT,
    pickle.BINUNICODE, pickle.SHORT_BINUNICODE, pickle.SHORT_BINBYTES, pickle.BINBYTES,
    pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3,
    pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS,
    pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS,
    pickle.EMPTY_SET, pickle.ADDITEMS,
    pickle.BINPUT, pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.BINGET, pickle.LONG_BINGET,
    pickle.GLOBAL, pickle.STACK_GLOBAL, pickle.REDUCE, pickle.BUILD, pickle.BINPERSID,
)
_STORAGES = {
    'DoubleStorage': 'float64', 'FloatStorage': 'float32', 'HalfStorage': 'float16',
    'BFloat16Storage': 'bfloat16', 'LongStorage': 'int64', 'IntStorage': 'int32',
    'ShortStorage': 'int16', 'CharStorage': 'int8', 'ByteStorage': 'uint8',
    'BoolStorage': 'bool', 'ComplexFloatStorage': 'complex64',
    'ComplexDoubleStorage': 'complex128',
}
_LONGEST_SCALAR = 16


class TorchUnpickler(pickle._Unpickler):
    """
    Builds the values of one pickle.

    :param content: the pickle.
    :param archive: where its tensors' elements are.
    :param little_endian: how these are written.
    """

    # The unpickler written in Python: its opcodes can be chosen, and its memo is a dictionary.
    dispatch = {opcode[0]: pickle._Unpickler.dispatch[opcode[0]] for opcode in _OPCODES}

    def __init__(self, content: bytes, archive: Archive, little_endian: bool) -> None:
        super().__init__(io.BytesIO(content))
        self._archive = archive
        self._little_endian = little_endian

    def find_class(self, module: str, name: str) -> Any:
        """Return our own builder of what ``module.name`` builds; nothing is imported."""
        builder = _BUILDERS.get((module, name))
        if builder is None:
            raise SceneError(
                f'it holds {shortened(f"{module}.{name}")}, which is neither a '
                'tensor nor a plain value; nothing was run'
            )
        return builder

    def persistent_load(self, pid: Any) -> Storage:
        """Return the storage that ``pid``, a tuple of torch.save, stands for."""
        kind, storage_type, key, _location, _count = pid
        if kind != 'storage' or not isinstance(storage_type, _Named):
            raise SceneError('it refers to something that is no storage of a tensor')
        return Storage(self._archive, f'data/{key}', storage_type.name, self._little_endian)

    def load_build(self) -> None:
        """Let tensors and containers be without further attributes, such as an order of keys."""
        self.stack.pop()

    dispatch[pickle.BUILD[0]] = load_build

    def load_reduce(self) -> None:
        """Call one of our own builders."""
        arguments = self.stack.pop()
        builder = self.stack[-1]
        if not isinstance(builder, _Builder):
            raise SceneError('it calls something that builds no value')
        self.stack[-1] = builder.build(*arguments)

    dispatch[pickle.REDUCE[0]] = load_reduce


class _Named:
    """A name that stands for a type of elements."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Builder:
    """A function of ours that a pickle may call."""

    def __init__(self, build: Callable[..., Any]) -> None:
        self.build = build


def _tensor(storage: Storage, offset: int, shape: Any, strides: Any, *_: Any) -> StoredTensor:
    if not isinstance(storage, Storage):
        raise SceneError('it holds a tensor without a storage')
    return StoredTensor(storage, offset, tuple(shape), tuple(strides))


def _first(value: Any, *_: Any) -> Any:
    return value


def _mapping(items: Any = (), *_: Any) -> dict[Any, Any]:
    return dict(items)


def _default_mapping(_factory: Any = None, items: Any = (), *_: Any) -> dict[Any, Any]:
    return dict(items)


def _list(items: Any = ()) -> list[Any]:
    return list(items)


def _set(items: Any = ()) -> set[Any]:
    return set(items)


def _tuple(items: Any = ()) -> tuple[Any, ...]:
    return tuple(items)


def _text(*values: Any) -> str:
    return ':'.join(map(str, values))


def _encoded(text: str, encoding: str) -> bytes:
    if encoding != 'latin1' or len(text) > _LONGEST_SCALAR:
        raise SceneError('it encodes a text as no number is encoded')
    return text.encode('latin-1')


def _numpy_dtype(code: str, *_: Any) -> np.dtype[Any]:
    if not isinstance(code, str) or len(code) > 3 or code[:1] not in 'fiub':
        raise SceneError(f'it holds numpy values of type {quoted(code)}, not numbers')
    return np.dtype(code)


def _numpy_scalar(dtype: np.dtype[Any], content: bytes) -> float | int | bool:
    if not isinstance(dtype, np.dtype) or len(content) != dtype.itemsize:
        raise SceneError('it holds a numpy number of another size')
    return np.frombuffer(content, dtype)[0].item()


_BUILDERS: Mapping[tuple[str, str], Any] = {
    ('collections', 'OrderedDict'): _Builder(_mapping),
    ('collections', 'defaultdict'): _Builder(_default_mapping),
    ('torch._utils', '_rebuild_tensor'): _Builder(_tensor),
    ('torch._utils', '_rebuild_tensor_v2'): _Builder(_tensor),
    ('torch._utils', '_rebuild_parameter'): _Builder(_first),
    ('torch._utils', '_rebuild_parameter_with_state'): _Builder(_first),
    ('torch', 'Size'): _Builder(_tuple),
    ('torch', 'device'): _Builder(_text),
    ('_codecs', 'encode'): _Builder(_encoded),
    ('numpy', 'dtype'): _Builder(_numpy_dtype),
    ('numpy.core.multiarray', 'scalar'): _Builder(_numpy_scalar),
    ('numpy._core.multiarray', 'scalar'): _Builder(_numpy_scalar),
    # The factories of defaultdict, and sets as protocol 2 writes them.
    **{(module, kind.__name__): _Builder(build)
       for module in ('builtins', '__builtin__')
       for kind, build in ((dict, _mapping), (list, _list), (set, _set), (tuple, _tuple))},
    **{('torch', storage): _Named(dtype) for storage, dtype in _STORAGES.items()},
    **{('torch.storage', storage): _Named(dtype) for storage, dtype in _STORAGES.items()},
    ('torch.storage', 'UntypedStorage'): _Named('uint8'),
    **{('torch', dtype): _Named(dtype) for dtype in ELEMENT_TYPES},
}
