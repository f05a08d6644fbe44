# SPDX-License-Identifier: Apache-2.0
"""A tensor in a file, read when somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.torch_files.archive import Archive
import numpy as np

ELEMENT_TYPES: dict[str, str] = {
    'float64': 'f8', 'float32': 'f4', 'float16': 'f2', 'bfloat16': 'u2',
    'int64': 'i8', 'int32': 'i4', 'int16': 'i2', 'int8': 'i1', 'uint8': 'u1', 'bool': 'u1',
    'complex64': 'c8', 'complex128': 'c16',
}
"""PyTorch's element types, and numpy's of the same size in which they are read."""
_MOST_DIMENSIONS = 32


@dataclass(frozen=True)
class Storage:
    """The elements that one or more tensors are views of."""

    archive: Archive
    record: str
    """Name of the record that holds them."""
    dtype: str
    """One of ELEMENT_TYPES."""
    little_endian: bool = True

    @property
    def element_size(self) -> int:
        """Return the bytes of an element."""
        return np.dtype(ELEMENT_TYPES[self.dtype]).itemsize


@dataclass(frozen=True)
class StoredTensor:
    """A strided view of a storage."""

    storage: Storage
    offset: int
    """First element in the storage."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """Elements from one to the next, in each dimension."""

    def __post_init__(self) -> None:
        """Refuse a view that no tensor has, or that reaches out of its storage."""
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or len(self.shape) > _MOST_DIMENSIONS or not all(
            type(number) is int and 0 <= number < 1 << 48 for number in numbers
        ):
            raise SceneError(f'it holds a tensor of shape {self.shape} and strides '
                             f'{self.strides}, which none has')
        held = self.storage.archive.record(self.storage.record).size // self.storage.element_size
        # No more elements than its storage has, so that no view costs more memory than the file.
        if self.count > max(held, 1) or (self.count and self._end > held):
            raise SceneError(f'it holds a tensor of shape {self.shape} in {held} elements')

    @property
    def dtype(self) -> str:
        """Return PyTorch's name of the element type."""
        return self.storage.dtype

    @property
    def count(self) -> int:
        """Return the number of elements."""
        return math.prod(self.shape)

    @property
    def _end(self) -> int:
        return self.offset + 1 + sum(
            (length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True)
        )

    def read(self) -> np.ndarray:
        """
        Return the elements, contiguous and the caller's own; bfloat16 as float32.

        :raises SceneError: if the file does not hold them any more.
        """
        size = self.storage.element_size
        start = self.storage.archive.record(self.storage.record).offset + self.offset * size
        length = (self._end - self.offset) * size if self.count else 0
        order = '<' if self.storage.little_endian else '>'
        flat = np.frombuffer(
            self.storage.archive.read(start, length), order + ELEMENT_TYPES[self.dtype]
        )
        view = np.lib.stride_tricks.as_strided(
            flat, self.shape, [stride * size for stride in self.strides], writeable=False
        ) if self.count else flat.reshape(self.shape)
        if self.dtype == 'bfloat16':
            return (view.astype(np.uint32) << 16).view(np.float32)
        if self.dtype == 'bool':
            return view != 0
        native = view.dtype.newbyteorder('=')
        contiguous = np.ascontiguousarray(view, native).reshape(self.shape)
        return contiguous if contiguous.flags.writeable else contiguous.copy()


