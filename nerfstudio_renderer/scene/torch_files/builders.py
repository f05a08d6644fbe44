# SPDX-License-Identifier: Apache-2.0
"""What the names in a checkpoint's pickle stand for: plain values and tensors in the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nerfstudio_renderer.scene.torch_files.elements import Element, ELEMENTS, STORAGES
from nerfstudio_renderer.scene.torch_files.problems import Damaged, Refused
from nerfstudio_renderer.scene.torch_files.stored_tensor import Storage, StoredTensor
from nerfstudio_renderer.scene.torch_files.unpickler import Builder, Name, Stateful
from nerfstudio_renderer.wording import shortened
import numpy as np

# A numpy scalar's bytes, as text in which a byte may take two: complex128 has 16.
_LONGEST_BYTES = 64
_SCALARS = {'b1', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'f2', 'f4', 'f8', 'c8', 'c16'}


@dataclass(frozen=True)
class _ScalarType(Stateful):
    """numpy.dtype of a number, whose byte order comes as its state."""

    code: str
    byteorder: str = '='

    def with_state(self, state: object) -> _ScalarType:
        byteorder = state[1]
        if byteorder not in ('<', '>', '|', '='):
            raise Damaged('a numpy scalar has no byte order')
        return _ScalarType(self.code, byteorder)


def _scalar_type(code: object, *_: object) -> _ScalarType:
    if type(code) is not str or code not in _SCALARS:
        kind = shortened(code) if type(code) is str else type(code).__name__
        raise Refused(f'it holds a numpy value of type {kind}, which is no number')
    return _ScalarType(code)


def _scalar(kind: object, data: object) -> bool | int | float | complex:
    if type(kind) is not _ScalarType or type(data) is not bytes:
        raise Damaged('a numpy scalar is not one')
    (number,) = np.frombuffer(data, np.dtype(kind.byteorder + kind.code))
    return number.item()


def _encoded(text: object, encoding: object) -> bytes:
    # Each call makes another object: of long ones a short pickle could make any amount.
    if type(text) is not str or len(text) > _LONGEST_BYTES or encoding != 'latin1':
        raise Refused('it holds bytes that are no number')
    return text.encode('latin-1')


def _empty() -> dict:
    return {}


def _defaulting(*_: object) -> dict:
    return {}


def _counter(counts: object = None) -> object:
    return {} if counts is None else _of_type(dict, counts)


def _members(items: object) -> list:
    return _of_type(list, items)


def _complex(real: object, imaginary: object) -> complex:
    return complex(_of_type(float, real), _of_type(float, imaginary))


def _size(shape: object) -> tuple:
    return _of_type(tuple, shape)


def _device(kind: object, index: object = None) -> str:
    # Of any length, and each call makes another one: see _encoded.
    if type(kind) is not str or len(kind) > _LONGEST_BYTES or type(index) not in (int, type(None)):
        raise Damaged('a device is not one')
    return kind if index is None else f'{kind}:{index}'


def _tensor(
    storage: object, offset: object, shape: object, stride: object, *unused: object
) -> StoredTensor:
    """Stand for ``_rebuild_tensor`` and ``_rebuild_tensor_v2`` with what they leave unused."""
    storage = _of_type(Storage, storage)
    metadata = unused[2] if len(unused) > 2 else None
    return _checked(storage, storage.element, offset, shape, stride, metadata)


def _tensor_of_dtype(
    storage: object,
    offset: object,
    shape: object,
    stride: object,
    requires_grad: object,
    hooks: object,
    dtype: object,
    metadata: object = None,
) -> StoredTensor:
    """Stand for ``_rebuild_tensor_v3``, of elements for which there is no class of storages."""
    element = ELEMENTS[_of_type(str, dtype).removeprefix('torch.')]
    return _checked(_of_type(Storage, storage), element, offset, shape, stride, metadata)


def _checked(
    storage: Storage,
    element: Element,
    offset: object,
    shape: object,
    stride: object,
    metadata: object,
) -> StoredTensor:
    return StoredTensor(
        storage, element, offset, _of_type(tuple, shape), _of_type(tuple, stride), not metadata
    )


def _parameter(tensor: object, *_: object) -> StoredTensor:
    return _of_type(StoredTensor, tensor)


def _from_type(build: object, kind: object, arguments: object, state: object) -> object:
    """Stand for ``_rebuild_from_type_v2``, of tensors that have attributes."""
    if kind is not _TENSOR and kind is not _PARAMETER:
        raise Refused(f'it holds a tensor of class {shortened(getattr(kind, "name", "?"))}, which '
                      'is not read here')
    tensor = _of_type(Builder, build).build(*_of_type(tuple, arguments))
    return _of_type(StoredTensor, tensor)


def _of_type(kind: type, value: object) -> object:
    if type(value) is not kind:
        raise Damaged(f'its pickle has {type(value).__name__} where {kind.__name__} belongs')
    return value


_TENSOR = Name('torch.Tensor')
_PARAMETER = Name('torch.nn.parameter.Parameter')


def _builders(table: dict[str, Callable[..., object]]) -> dict[tuple[str, str], Builder]:
    return {_split(name): Builder(name, build) for name, build in table.items()}


def _split(name: str) -> tuple[str, str]:
    module, _, own = name.rpartition('.')
    return module, own


NAMES: dict[tuple[str, str], object] = {
    **_builders({
        'collections.OrderedDict': _empty,
        'collections.defaultdict': _defaulting,
        'collections.Counter': _counter,  # of MultiStepLR
        '_codecs.encode': _encoded,
        # Of numpy 1, and of numpy 2.
        'numpy.core.multiarray.scalar': _scalar,
        'numpy._core.multiarray.scalar': _scalar,
        'numpy.dtype': _scalar_type,
        'torch.Size': _size,
        'torch.device': _device,
        'torch._utils._rebuild_tensor': _tensor,
        'torch._utils._rebuild_tensor_v2': _tensor,
        'torch._utils._rebuild_tensor_v3': _tensor_of_dtype,
        'torch._utils._rebuild_parameter': _parameter,
        'torch._utils._rebuild_parameter_with_state': _parameter,
        'torch._tensor._rebuild_from_type_v2': _from_type,
    }),
    # Of Python 3, and as protocol 2 has them.
    **{
        (module, own): builder
        for module in ('builtins', '__builtin__')
        for (_, own), builder in _builders({
            'builtins.set': _members, 'builtins.frozenset': _members, 'builtins.complex': _complex,
        }).items()
    },
    # The factories of defaultdict.
    **{
        (module, own): Name(f'{module}.{own}')
        for module in ('builtins', '__builtin__')
        for own in ('dict', 'list', 'int', 'float', 'bool', 'str')
    },
    _split(_TENSOR.name): _TENSOR,
    _split(_PARAMETER.name): _PARAMETER,
    **{('torch', name): f'torch.{name}' for name in ELEMENTS},
    **{('torch', name): element for name, element in STORAGES.items()},
    ('torch.storage', 'UntypedStorage'): STORAGES['UntypedStorage'],
}
"""By module and name, exactly."""
