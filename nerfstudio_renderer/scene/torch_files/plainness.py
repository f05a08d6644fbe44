# SPDX-License-Identifier: Apache-2.0
"""That what a pickle holds can be walked through, printed and copied: plain values, and finite."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.scene.torch_files.problems import Refused
from nerfstudio_renderer.scene.torch_files.stored_tensor import StoredTensor
from nerfstudio_renderer.wording import shortened

# Checkpoints have 6: content, optimizers, one of them, 'state', a parameter's, a tensor.
_DEEPEST = 64
# As many as a pickle has steps, with room for what is held in two places. Of 50 lists, each of
# which holds the one before twice, 2**50 values are found by who walks through them.
_MOST_VALUES = 1_000_000
_VALUES = (str, int, float, complex, bool, bytes, type(None), StoredTensor)


@dataclass(frozen=True)
class _Extent:
    """What is found within a container, each value as often as it is found."""

    depth: int
    """Levels of containers, its own among them."""
    values: int
    nbytes: int
    """Bytes of all tensors."""


def check_plain(content: object) -> int:
    """
    Refuse what is no plain value, within itself, or endless for who walks through it.

    :returns: the bytes of all tensors, each as often as it is found.
    :raises Refused: naming which.
    """
    root = [content]
    extents: dict[int, _Extent] = {}  # by a container's identity
    path: list[tuple[object, list[object]]] = [(root, [content])]
    open_ones = {id(root)}
    while path:
        container, waiting = path[-1]
        if not waiting:
            path.pop()
            open_ones.discard(id(container))
            extents[id(container)] = _extent(_members(container), extents)
            continue
        member = waiting.pop()
        if type(member) in _VALUES or id(member) in extents:
            continue
        if id(member) in open_ones or len(path) > _DEEPEST:
            raise _endless()
        open_ones.add(id(member))
        path.append((member, _members(member)))
    return extents[id(root)].nbytes


def _extent(members: list[object], extents: dict[int, _Extent]) -> _Extent:
    containers = [extents[id(each)] for each in members if type(each) not in _VALUES]
    tensors = [each for each in members if type(each) is StoredTensor]
    extent = _Extent(
        depth=1 + max((each.depth for each in containers), default=0),
        values=len(members) + sum(each.values for each in containers),
        nbytes=sum(each.nbytes for each in (*containers, *tensors)),
    )
    if extent.depth > _DEEPEST + 1 or extent.values > _MOST_VALUES:
        raise _endless()
    return extent


def _endless() -> Refused:
    return Refused(f'it has containers within themselves, nested deeper than {_DEEPEST} levels or '
                   f'of more than {_MOST_VALUES} values, which no checkpoint of tensors needs')


def _members(value: object) -> list[object]:
    """Return what a container holds."""
    if type(value) is dict:
        return list(value.values())
    if type(value) in (list, tuple):
        return list(value)
    name = shortened(getattr(value, 'name', type(value).__name__))
    raise Refused(f'it holds {name} where a tensor or a plain value belongs; nothing was run')
