# SPDX-License-Identifier: Apache-2.0
"""A model's parameters in the form in which the kernels read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import warnings

from nerfstudio_renderer.engines.nerfacto.cuda.cells import CellBudget, lay_out
from nerfstudio_renderer.engines.protocol import UnsupportedSceneError
from nerfstudio_renderer.scene.nerfacto import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    NerfactoParameters,
)
import numpy as np
import torch

_STEP = 16
"""Inputs of a matrix product on tensor cores come in sixteens, outputs in eights."""
_FEWEST_OUTPUTS = 8


@dataclass(frozen=True, eq=False)
class PackedLayers:
    """A stack of layers, padded with zeros to powers of 2."""

    hidden: int
    """Outputs of every layer but the last."""
    count: int
    """Of layers."""
    outputs: int
    """Of the last layer."""
    weights: torch.Tensor
    """In the precision asked for, flat: one matrix of shape (inputs, outputs) after another."""
    biases: torch.Tensor
    """Float32, flat."""


@dataclass(frozen=True, eq=False)
class PackedNetwork:
    """A density network."""

    tables: torch.Tensor
    """Of shape (levels, entries, features), features a power of 2 from 2 on."""
    cells: torch.Tensor
    """The first levels once more, as ``cells.py`` lays them out: of shape (cells, 8)."""
    starts: torch.Tensor
    """Where the cells of each two features begin, int64 of shape (levels * features / 2,)."""
    levels_in_cells: int
    """Levels in ``cells``."""
    scalings: torch.Tensor
    """Float32 of shape (levels,)."""
    layers: PackedLayers
    """From features to log density and geometry."""
    constants: torch.Tensor
    """Float32 of shape (16,): what ``space.py`` names, in the places it names."""


class Packer:
    """
    Packs what belongs to one model.

    :param device: where the packed tensors are to be.
    :param precision: of tables and weights, float16 or float32.
    :param cell_bytes: memory for levels laid out by cells; what is packed first takes first.
    """

    def __init__(
        self,
        parameters: NerfactoParameters,
        device: torch.device,
        precision: torch.dtype,
        cell_bytes: int,
    ) -> None:
        self._parameters = parameters
        self._device = device
        self._precision = precision
        self._budget = CellBudget(cell_bytes)

    def proposal(self, network: DensityNetwork) -> PackedNetwork:
        """Return the network of one of the passes."""
        return self._network(network, _FEWEST_OUTPUTS)

    def field(self) -> PackedNetwork:
        """Return the field."""
        return self._network(self._parameters.field, _STEP)

    def head(self) -> PackedLayers:
        """Return the colour network; its inputs are harmonics, then all outputs of the field."""
        first = _tensor(self._parameters.head[0].weights).T
        field_outputs = _power_of_two(len(self._parameters.field.layers[-1].biases), _STEP)
        rows = first.new_zeros((DIRECTION_COEFFICIENTS + field_outputs, first.shape[1]))
        rows[:DIRECTION_COEFFICIENTS] = first[:DIRECTION_COEFFICIENTS]
        # The field's first output is the log density, which has no say in colours.
        rows[DIRECTION_COEFFICIENTS + 1:len(first) + 1] = first[DIRECTION_COEFFICIENTS:]
        return self._layers(rows, self._parameters.head, _FEWEST_OUTPUTS)

    def _network(self, network: DensityNetwork, outputs: int) -> PackedNetwork:
        levels, entries, features = network.grid.tables.shape
        width = _power_of_two(features, 2)
        weights = _tensor(network.layers[0].weights)
        first = weights.new_zeros((-(-levels * width // _STEP) * _STEP, len(weights)))
        by_level = first[:levels * width].view(levels, width, -1)
        by_level[:, :features] = weights.T.reshape(levels, features, -1)
        tables = self._cast(_padded(_tensor(network.grid.tables), (levels, entries, width)))
        cells, starts, levels_in_cells = self._cells(tables, network.grid.scalings.tolist())
        return PackedNetwork(
            tables=tables,
            cells=cells,
            starts=starts,
            levels_in_cells=levels_in_cells,
            scalings=_tensor(network.grid.scalings).to(self._device),
            layers=self._layers(first, network.layers, outputs),
            constants=_constants(network, self._parameters).to(self._device),
        )

    def _cells(
        self, tables: torch.Tensor, scalings: Sequence[float]
    ) -> tuple[torch.Tensor, torch.Tensor, int]:
        levels, _, features = tables.shape
        count = self._budget.levels(scalings, features, self._precision)
        laid_out = [cells for table, scaling in zip(tables[:count], scalings, strict=False)
                    for cells in lay_out(table, scaling)]
        starts = torch.zeros(levels * features // 2, dtype=torch.int64)
        starts[1:len(laid_out)] = torch.tensor([len(cells) for cells in laid_out[:-1]]).cumsum(0)
        cells = torch.cat(laid_out) if laid_out else tables.new_zeros((1, 8))
        return cells, starts.to(self._device), count

    def _layers(
        self, first: torch.Tensor, layers: Sequence[Dense], outputs: int
    ) -> PackedLayers:
        """
        Return ``layers``, the matrix of the first being ``first``, of shape (inputs, outputs).

        :param outputs: the last layer has at least so many.
        """
        inner = max((len(layer.biases) for layer in layers[:-1]), default=0)
        hidden = _power_of_two(inner, _STEP)
        outputs = _power_of_two(len(layers[-1].biases), outputs)
        rows = [len(first), *(hidden for _ in layers[1:])]
        columns = [*(hidden for _ in layers[1:]), outputs]
        matrices = [first, *(_tensor(layer.weights).T for layer in layers[1:])]
        weights = [_padded(matrix, shape).flatten()
                   for matrix, *shape in zip(matrices, rows, columns, strict=True)]
        biases = [_padded(_tensor(layer.biases), [width])
                  for layer, width in zip(layers, columns, strict=True)]
        return PackedLayers(
            hidden=hidden,
            count=len(layers),
            outputs=outputs,
            weights=self._cast(torch.cat(weights)),
            biases=torch.cat(biases).to(self._device),
        )

    def _cast(self, tensor: torch.Tensor) -> torch.Tensor:
        largest, limit = float(tensor.abs().max()), torch.finfo(self._precision).max
        if not largest <= limit:
            raise UnsupportedSceneError(
                f'its kernels calculate with numbers up to {limit:g}, not {largest:g}'
            )
        return tensor.to(self._device, self._precision).contiguous()


def _constants(network: DensityNetwork, parameters: NerfactoParameters) -> torch.Tensor:
    constants = torch.zeros(16)
    constants[0] = network.density_scale
    if parameters.box is not None:
        corner, opposite = _tensor(parameters.box)
        constants[1:4] = corner
        constants[4:7] = opposite - corner
    if parameters.background is not None:
        constants[8:11] = torch.tensor(parameters.background)
    return constants


def _tensor(array: np.ndarray) -> torch.Tensor:
    """Return an array of the parameters as a tensor that shares its memory."""
    with warnings.catch_warnings():  # of read-only arrays: nothing here writes into them
        warnings.simplefilter('ignore', UserWarning)
        return torch.from_numpy(array)


def _padded(tensor: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    result = tensor.new_zeros(shape)
    result[tuple(slice(size) for size in tensor.shape)] = tensor
    return result


def _power_of_two(size: int, least: int) -> int:
    return max(least, 1 << max(size - 1, 0).bit_length())
