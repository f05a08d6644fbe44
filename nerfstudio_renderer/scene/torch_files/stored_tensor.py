# SPDX-License-Identifier: Apache-2.0
"""A tensor in a file, and its storage, of which nothing is in memory until it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

from nerfstudio_renderer.scene.torch_files.archive import Archive
from nerfstudio_renderer.scene.torch_files.elements import Element
from nerfstudio_renderer.scene.torch_files.problems import Damaged, problems_of, Refused
from nerfstudio_renderer.scene.torch_files.source import Source
import numpy as np

# numpy 1 has no more; models have up to 5.
_MOST_DIMENSIONS = 32
# Beyond this numpy makes no array, be it empty; no machine has such memory.
_MOST_BYTES = 2**48
# Elements that are read for each of a view: a column of a table of 1,000 has all of them read.
_MOST_SPREAD = 1024
_SMALL = 2**20


@dataclass(frozen=True, eq=False)
class Records:
    """The storages of one file."""

    source: Source
    archive: Archive
    folder: str
    """Name of the archive's one folder, with its slash."""
    byteorder: str
    """'<' or '>', of all numbers in it."""


@dataclass(frozen=True, eq=False)
class Storage:
    """A run of elements that one or more tensors are views of."""

    records: Records
    record: str
    """Name of the record that holds it."""
    element: Element
    """What PyTorch's class of the storage says."""
    nbytes: int
    """Bytes that are its own."""

    def __post_init__(self) -> None:
        held = self.records.archive.size(self.record)
        if not 0 <= self.nbytes <= held:
            raise Damaged(f'a storage of {self.nbytes} bytes is not in its record {self.record} '
                          f'of {held} bytes')


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """
    A tensor in an open file: what it is, and its numbers when they are asked for.

    It keeps the file open as long as anybody holds it.

    :raises Damaged: if it is not within its storage.
    """

    storage: Storage
    element: Element
    offset: int
    """Elements of the storage before its first one."""
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    """Elements from one index to the next of each dimension; 0 where a tensor was expanded."""
    is_plain: bool = True
    """False where PyTorch negates or conjugates its numbers whenever they are used."""

    def __post_init__(self) -> None:
        _check_dimensions(self.offset, self.shape, self.stride)
        if self.element.size * math.prod(max(1, n) for n in self.shape) > _MOST_BYTES:
            raise Damaged('a tensor has a shape that no memory can hold')
        if self.offset + self._span > self.storage.nbytes // self.element.size:
            raise Damaged(f'a tensor of shape {list(self.shape)} and stride {list(self.stride)} '
                          f'at {self.offset} is not within the {self.storage.nbytes} bytes of '
                          'its storage')

    @property
    def dtype(self) -> str:
        """Name of its elements' type, such as 'float32' or 'bfloat16'."""
        return self.element.name

    @property
    def nbytes(self) -> int:
        """Bytes of all its elements as they are stored; bfloat16 takes twice as many when read."""
        return math.prod(self.shape) * self.element.size

    @property
    def _span(self) -> int:
        """Elements of the storage from its first to its last one."""
        if 0 in self.shape:
            return 0
        return 1 + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))

    def read(self) -> np.ndarray:
        """
        Return its numbers, as a contiguous array of the caller's own, of its shape.

        Of the numpy type of the same name; bfloat16, which numpy lacks, comes as float32.

        :raises SceneError: if the file is closed or has become shorter, if there is not the
            memory, or if numpy has no such elements.
        """
        with problems_of(self.storage.records.source.path):
            return self._read()

    def _read(self) -> np.ndarray:
        if not self.is_plain:
            raise Refused('it has a tensor that PyTorch negates or conjugates when it is used; '
                          'save it with resolve_neg() and resolve_conj()')
        dtype = self.element.dtype(self.storage.records.byteorder)
        if self._is_contiguous:
            view = np.empty(self.shape, dtype)
            self._fill(view.reshape(-1))
        else:
            if self._span > _MOST_SPREAD * math.prod(self.shape) + _SMALL:
                raise Refused(f'it has a tensor of shape {list(self.shape)} that is spread over '
                              f'{self._span} elements')
            run = np.empty(self._span, dtype)
            self._fill(run)
            strides = [step * dtype.itemsize for step in self.stride]
            view = np.ndarray(self.shape, dtype, run, strides=strides)
        values = self.element.values(view)
        return values if values.base is None else values.copy()

    @property
    def _is_contiguous(self) -> bool:
        if 0 in self.shape:
            return True
        step = 1
        for n, stride in zip(reversed(self.shape), reversed(self.stride), strict=True):
            if n > 1 and stride != step:
                return False
            step *= n
        return True

    def _fill(self, run: np.ndarray) -> None:
        """Fill an array with the storage's elements from the first one on."""
        if not run.size:
            return
        records = self.storage.records
        begin = records.archive.begin(self.storage.record) + self.offset * run.itemsize
        records.source.read_into(memoryview(run.view(np.uint8)), begin)


def _check_dimensions(offset: object, shape: Sequence, stride: Sequence) -> None:
    numbers = [offset, *shape, *stride]
    if len(shape) != len(stride) or len(shape) > _MOST_DIMENSIONS \
            or not all(type(number) is int and number >= 0 for number in numbers):
        raise Damaged('a tensor has no possible shape or stride')
