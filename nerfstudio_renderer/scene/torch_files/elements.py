# SPDX-License-Identifier: Apache-2.0
"""The types that a tensor's elements have, and how their bytes become numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.scene.torch_files.problems import Refused
import numpy as np


@dataclass(frozen=True)
class Element:
    """A type of elements."""

    name: str
    """PyTorch's name of it, without ``torch.``."""
    size: int
    """Bytes."""
    stored: str | None
    """numpy's type of the bytes, without their order; None where numpy has nothing like it."""

    def dtype(self, byteorder: str) -> np.dtype:
        """
        Return numpy's type of the bytes as they lie in the file.

        :param byteorder: '<' or '>'.
        :raises Refused: where numpy has no such numbers.
        """
        if self.stored is None:
            raise Refused(f'it has elements of type {self.name}, which are not read here')
        return np.dtype(byteorder + self.stored)

    def values(self, stored: np.ndarray) -> np.ndarray:
        """Return the numbers that the bytes mean, contiguous and in this machine's order."""
        if self.name == 'bool':
            return np.not_equal(stored, 0, out=np.empty(stored.shape, bool))
        if self.name == 'bfloat16':  # the upper half of a float32
            values = np.empty(stored.shape, np.float32)
            np.left_shift(stored, 16, out=values.view(np.uint32), dtype=np.uint32)
            return values
        return np.require(stored, stored.dtype.newbyteorder('='), 'C')


def _element(name: str, size: int, stored: str | None = None) -> tuple[str, Element]:
    return name, Element(name, size, stored)


ELEMENTS = dict([
    _element('float16', 2, 'f2'),
    _element('float32', 4, 'f4'),
    _element('float64', 8, 'f8'),
    _element('bfloat16', 2, 'u2'),
    _element('complex32', 4),
    _element('complex64', 8, 'c8'),
    _element('complex128', 16, 'c16'),
    *(_element(f'{sign}int{8 * size}', size, f'{kind}{size}')
      for size in (1, 2, 4, 8) for sign, kind in (('', 'i'), ('u', 'u'))),
    _element('bool', 1, 'u1'),
    *(_element(name, 1) for name in (
        'float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu',
        'qint8', 'quint8')),
    _element('qint32', 4),
])
"""By PyTorch's name without ``torch.``; what cannot be read may still stand beside what can."""

STORAGES = {
    'UntypedStorage': ELEMENTS['uint8'],
    'ByteStorage': ELEMENTS['uint8'],
    'CharStorage': ELEMENTS['int8'],
    'ShortStorage': ELEMENTS['int16'],
    'IntStorage': ELEMENTS['int32'],
    'LongStorage': ELEMENTS['int64'],
    'HalfStorage': ELEMENTS['float16'],
    'BFloat16Storage': ELEMENTS['bfloat16'],
    'FloatStorage': ELEMENTS['float32'],
    'DoubleStorage': ELEMENTS['float64'],
    'ComplexFloatStorage': ELEMENTS['complex64'],
    'ComplexDoubleStorage': ELEMENTS['complex128'],
    'BoolStorage': ELEMENTS['bool'],
    'QInt8Storage': ELEMENTS['qint8'],
    'QUInt8Storage': ELEMENTS['quint8'],
    'QInt32Storage': ELEMENTS['qint32'],
}
"""By PyTorch's class of storages."""
