# SPDX-License-Identifier: Apache-2.0
"""That what a pickle holds can be walked through: plain values, none within itself."""

from __future__ import annotations

from nerfstudio_renderer.scene.torch_files.problems import Refused
from nerfstudio_renderer.scene.torch_files.stored_tensor import StoredTensor
from nerfstudio_renderer.wording import shortened

# Checkpoints have 6: content, optimizers, one of them, 'state', a parameter's, a tensor.
_DEEPEST = 64
_VALUES = (str, int, float, complex, bool, bytes, type(None), StoredTensor)


def check_plain(content: object) -> int:
    """
    Refuse what is no plain value, nested too deep for who walks through it, or within itself.

    :returns: the bytes of all its tensors, each as often as a container holds it.
    :raises Refused: naming which.
    """
    claimed = 0
    depths: dict[int, int] = {}  # levels below each container that is done, by its identity
    root = [content]
    path: list[tuple[object, list[object]]] = [(root, [content])]
    open_ones = {id(root)}
    while path:
        container, waiting = path[-1]
        if waiting:
            member = waiting.pop()
            claimed += member.nbytes if type(member) is StoredTensor else 0
            if type(member) in _VALUES or id(member) in depths:
                continue
            if id(member) in open_ones or len(path) > _DEEPEST:
                raise Refused('it has containers within themselves, or nested deeper than '
                              f'{_DEEPEST} levels, which no checkpoint of tensors needs')
            open_ones.add(id(member))
            path.append((member, _members(member)))
            continue
        path.pop()
        open_ones.discard(id(container))
        depths[id(container)] = 1 + max(
            (depths.get(id(member), 0) for member in _members(container)), default=0
        )
        if depths[id(container)] > _DEEPEST:
            raise Refused(f'it has containers nested deeper than {_DEEPEST} levels, which no '
                          'checkpoint of tensors needs')
    return claimed


def _members(value: object) -> list[object]:
    """Return what a container holds."""
    if type(value) is dict:
        return list(value.values())
    if type(value) in (list, tuple):
        return list(value)
    if type(value) in _VALUES:
        return []
    name = shortened(getattr(value, 'name', type(value).__name__))
    raise Refused(f'it holds {name} where a tensor or a plain value belongs; nothing was run')
