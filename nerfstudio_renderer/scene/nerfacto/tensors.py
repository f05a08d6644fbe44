# SPDX-License-Identifier: Apache-2.0
"""A checkpoint's tensors, each read once and checked against what is expected of it."""

from __future__ import annotations

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.checkpoint import Checkpoint
from nerfstudio_renderer.scene.nerfacto.parameters import Dense
from nerfstudio_renderer.wording import listed
import numpy as np

_MOST_LAYERS = 64


class Tensors:
    """
    Hands out the tensors of a checkpoint and remembers which were not asked for.

    :param checkpoint: may be shared.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._unread = set(checkpoint.state)

    def take(self, name: str, *shape: int | None) -> np.ndarray:
        """
        Return a tensor, float32.

        :param shape: that it must have, None for any length but 0; looked at before it is read.
        :raises SceneError: if there is none, or it has another shape, or is not finite.
        """
        found = self.shape(name)
        fits = len(found) == len(shape) and all(
            length == wanted or (wanted is None and length > 0)
            for length, wanted in zip(found, shape, strict=True)
        )
        if not fits:
            wanted = ' x '.join('any' if length is None else str(length) for length in shape)
            raise self.refusal(f'{name} has shape {found}, not {wanted}')
        self._unread.discard(name)
        return self._checkpoint.array(name)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor; a ``SceneError`` if there is none."""
        if name not in self._checkpoint.state:
            raise self._mismatch('lacks', [name])
        return self._checkpoint.state[name].shape

    def skip(self, *names: str) -> None:
        """Take note of tensors that tell nothing about a picture."""
        self._unread.difference_update(names)

    def layers(self, prefix: str, inputs: int, outputs: int | None) -> tuple[Dense, ...]:
        """
        Return a network's layers, ``prefix.0`` and those that follow it.

        :param inputs: of the first layer.
        :param outputs: of the last one, None for any number.
        """
        count = self._count(prefix)
        found = []
        for index in range(count):
            last = index == count - 1
            layer = self.dense(f'{prefix}.{index}', inputs, outputs if last else None)
            inputs = len(layer.biases)
            found.append(layer)
        return tuple(found)

    def dense(self, name: str, inputs: int, outputs: int | None) -> Dense:
        """Return a layer with so many inputs and outputs, None for any number."""
        weights = self.take(f'{name}.weight', outputs, inputs)
        return Dense(weights, self.take(f'{name}.bias', len(weights)))

    def check_number(self, name: str, value: int) -> None:
        """Refuse a number that is saved with the model and differs; old checkpoints lack it."""
        if name not in self._checkpoint.state:
            return
        self._unread.discard(name)
        saved = self._checkpoint.state[name].read()
        if saved.size != 1 or saved.item() != value:
            raise self.refusal(f'{name} is {saved.tolist()}, and {value} in the config')

    def refuse_unread(self, unused: tuple[str, ...]) -> None:
        """Refuse tensors that nobody asked for, apart from names that begin as ``unused`` does."""
        unread = {name for name in self._unread if not name.startswith(unused)}
        unread.discard('field.aabb')
        if unread:
            raise self._mismatch('has unknown', sorted(unread))

    def refusal(self, reason: str) -> SceneError:
        """Return the error of a checkpoint that is not of its configuration."""
        return SceneError(f'checkpoint {self._checkpoint.name} does not fit its config.yml: '
                          f'{reason}')

    def _count(self, prefix: str) -> int:
        indices = range(_MOST_LAYERS)
        state = self._checkpoint.state
        count = next((n for n in indices if f'{prefix}.{n}.weight' not in state), _MOST_LAYERS)
        if count == 0:
            raise self._mismatch('lacks', [f'{prefix}.0.weight'])
        return count

    def _mismatch(self, kind: str, names: list[str]) -> SceneError:
        return SceneError(f'checkpoint {self._checkpoint.name} {kind} {listed(names)}; is it of '
                          'this config.yml?')
