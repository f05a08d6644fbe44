# SPDX-License-Identifier: Apache-2.0
"""
Arrays by value, between a server and the clients of its classic service.

rpyc hands bytes over by value and everything else by reference. Both sides of a classic
connection may use the other's modules, though. So the server lets the client build the array, from
bytes, and answers with the reference to it: which the client resolves to its own, real array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from rpyc.core import consts, netref
from rpyc.lib import get_id_pack, get_methods

_PLAIN_KINDS = 'biufc'  # of dtypes: truth values and numbers
_LARGEST = 1 << 30  # bytes; what is larger may not be meant to be copied
_PIECE = 1 << 20

Builder = Callable[[np.ndarray], Any]
"""Copies an array to the client; returns the reference to the copy."""


def is_plain(value: object) -> bool:
    """Tell whether ``value`` is an array of numbers that can be handed over as bytes."""
    return (
        type(value) is np.ndarray
        and value.dtype.kind in _PLAIN_KINDS
        and value.nbytes <= _LARGEST
    )


def builder_at(client: Any) -> Builder:
    """
    Return what builds arrays at a client: numpy's, or memoryviews where it has no numpy.

    :param client: the root of a classic client.
    """
    builtins = client.getmodule('builtins')
    new_buffer = builtins.bytearray
    try:
        ndarray = client.getmodule('numpy').ndarray
    except ImportError:
        view = builtins.memoryview
        return lambda array: view(_copied(array, new_buffer)).cast(array.dtype.char, array.shape)
    return lambda array: ndarray(array.shape, array.dtype.str, _copied(array, new_buffer))


def _copied(array: np.ndarray, new_buffer: Any) -> Any:
    """
    Return the reference to a client's buffer with the elements of ``array``.

    rpyc's client copies what it receives four times. In pieces, these copies stay in the
    processor's cache, and need no new memory from the system: that takes a quarter of the time.

    :param new_buffer: the client's ``bytearray``.
    """
    if array.nbytes <= _PIECE:
        return new_buffer(array.tobytes())
    buffer = new_buffer(array.nbytes)
    elements = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    sent = []
    for start in range(0, array.nbytes, _PIECE):
        piece = elements[start:start + _PIECE].tobytes()
        arguments = (slice(start, start + len(piece)), piece)
        sent.append(netref.asyncreq(buffer, consts.HANDLE_CALLATTR, '__setitem__', arguments))
    for each in sent:
        each.wait()
        if each.error:
            raise each.value
    return buffer


def _list_reference() -> type:
    """Return rpyc's class of references to lists, with what numpy asks of an array."""

    def as_array(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(netref.syncreq(self, consts.HANDLE_BUFFITER, None), dtype=dtype)

    reference = netref.class_factory(get_id_pack(list), get_methods(netref.LOCAL_ATTRS, list))
    reference.__array__ = as_array
    return reference


ListReference = _list_reference()
"""A client's list, which numpy copies with one request instead of one for each item."""


def read_by_bytes(reference: type) -> None:
    """
    Have numpy copy a client's arrays as bytes.

    rpyc would unpickle them, which fails between numpy 1 and 2.

    :param reference: rpyc's class of references to arrays; changed.
    """
    unpickled = reference.__array__

    def as_array(self: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        interface = netref.syncreq(self, consts.HANDLE_GETATTR, '__array_interface__')
        element = interface['typestr']
        if np.dtype(element).kind not in _PLAIN_KINDS:
            return np.array(unpickled(self), dtype=dtype)
        data = netref.syncreq(self, consts.HANDLE_CALLATTR, 'tobytes', (), ())
        return np.array(np.frombuffer(data, element).reshape(interface['shape']), dtype=dtype)

    reference.__array__ = as_array
