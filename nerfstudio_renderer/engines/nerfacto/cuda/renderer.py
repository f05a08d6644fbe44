# SPDX-License-Identifier: Apache-2.0
"""Renders rays with the kernels. Ask ``availability`` before importing this module."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from nerfstudio_renderer.engines.nerfacto.cuda.field_kernel import field_kernel
from nerfstudio_renderer.engines.nerfacto.cuda.packing import PackedNetwork, Packer
from nerfstudio_renderer.engines.nerfacto.cuda.proposal_kernel import proposal_kernel
from nerfstudio_renderer.engines.nerfacto.cuda.resampling_kernel import resampling_kernel
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tile, Tiling, tiling_for
from nerfstudio_renderer.engines.nerfacto.cuda.workspace import Workspace
from nerfstudio_renderer.engines.protocol import CHANNELS, UnsupportedSceneError
from nerfstudio_renderer.scene.nerfacto import NerfactoParameters
import torch
from triton.runtime.errors import OutOfResources

Origin = tuple[float, float, float]
_CAPABILITY_OF_THE_INTERPRETER = (9, 0)
_MULTIPROCESSORS_OF_THE_INTERPRETER = 16
_CELL_BYTES_OF_THE_INTERPRETER = 1 << 20
_SHARE_FOR_CELLS = 32
_MOST_FOR_CELLS = 1 << 30


@dataclass(frozen=True, eq=False)
class _Edges:
    """Edges of a pass's samples: number i of ray r is at i * pitch + r * step."""

    distances: torch.Tensor
    pitch: int
    step: int


class CudaRenderer:
    """
    Renders rays of one model; compiles its kernels when made, or finds them compiled on disk.

    One thread at a time may use it. It does not wait for the device.

    :param device: a CUDA device, or any if Triton interprets.
    :param tiling: how the work is divided; None: as suits model and device.
    :param precision: of tables and weights; float32 is slower, and exact for comparisons.
    :param cell_bytes: memory for hash levels that are laid out by cells; None: a share of all.
    """

    def __init__(
        self,
        parameters: NerfactoParameters,
        device: torch.device,
        tiling: Tiling | None = None,
        precision: torch.dtype = torch.float16,
        cell_bytes: int | None = None,
    ) -> None:
        self._device = device
        self._piecewise = parameters.piecewise
        self._contracted = parameters.box is None
        self._last_sample_behind = parameters.background is None
        packer = Packer(parameters, device, precision, _cell_bytes(device, cell_bytes))
        networks = [proposal.network for proposal in parameters.proposals]
        packed = {network: packer.proposal(network) for network in dict.fromkeys(networks)}
        self._proposals = [packed[network] for network in networks]
        self._field = packer.field()
        self._head = packer.head()
        self._tiling = tiling or self._usual_tiling()
        self._samples = [*(proposal.samples for proposal in parameters.proposals),
                         parameters.field_samples]
        self._first_edges = _Edges(_first_edges(parameters).to(device), pitch=1, step=0)
        self._workspace = Workspace(self._samples, self._most_rays(), device)
        if device.type == 'cuda':
            self._compile()

    def render(self, origin: Origin, directions: torch.Tensor) -> torch.Tensor:
        """
        Render rays that begin at ``origin``.

        :param origin: scene units.
        :param directions: unit vectors, float32 of shape (n, 3) on the device.
        :returns: float32 of shape (n, CHANNELS) on the device, a tensor of its own.
        """
        directions = directions.contiguous()
        count = len(directions)
        pixels = torch.empty((count, CHANNELS), dtype=torch.float32, device=self._device)
        if count == 0:
            return pixels
        parts = -(-count // self._workspace.most_rays)
        with self._current_device():
            for part, into in zip(directions.chunk(parts), pixels.chunk(parts), strict=True):
                self._render(origin, part, into)
        return pixels

    def _render(self, origin: Origin, directions: torch.Tensor, pixels: torch.Tensor) -> None:
        self._workspace.make_room(len(directions))
        edges = self._first_edges
        for number, network in enumerate(self._proposals):
            self._propose(origin, directions, network, self._samples[number], edges)
            edges = self._resample(edges, number, len(directions))
        self._shade(origin, directions, edges, pixels)

    def _propose(
        self, origin: Origin, directions: torch.Tensor, network: PackedNetwork, samples: int,
        edges: _Edges,
    ) -> None:
        tile = self._tiling.proposal
        rays = len(directions)
        proposal_kernel[(-(-rays // tile.rays),)](
            directions, edges.distances, self._workspace.absorbed, *_tensors(network),
            network.constants, *origin, rays, samples, edges.step, edges.pitch,
            self._workspace.pitch,
            RAYS=tile.rays, SAMPLES=tile.samples, CONTRACTED=self._contracted,
            **_sizes(network), **_options(tile),
        )

    def _resample(self, edges: _Edges, number: int, rays: int) -> _Edges:
        tile = self._tiling.resampling
        samples, new_samples = self._samples[number:number + 2]
        new = _Edges(self._workspace.edges[number], pitch=self._workspace.pitch, step=1)
        resampling_kernel[(-(-rays // tile.rays), -(-(new_samples + 1) // tile.samples))](
            edges.distances, self._workspace.absorbed, new.distances, rays, samples, new_samples,
            (samples - 1).bit_length(), edges.step, edges.pitch, self._workspace.pitch,
            RAYS=tile.rays, EDGES=tile.samples, PIECEWISE=self._piecewise, **_options(tile),
        )
        return new

    def _shade(
        self, origin: Origin, directions: torch.Tensor, edges: _Edges, pixels: torch.Tensor
    ) -> None:
        tile = self._tiling.field
        head = self._head
        rays = len(directions)
        field_kernel[(-(-rays // tile.rays),)](
            directions, edges.distances, pixels, *_tensors(self._field), head.weights, head.biases,
            self._field.constants, *origin, rays, self._samples[-1], edges.step, edges.pitch,
            RAYS=tile.rays, SAMPLES=tile.samples, CONTRACTED=self._contracted,
            LAST_SAMPLE_BEHIND=self._last_sample_behind, **_sizes(self._field),
            COLOUR_HIDDEN=head.hidden, COLOUR_LAYERS=head.count, COLOURS=head.outputs,
            **_options(tile),
        )

    def _compile(self) -> None:
        try:
            self.render((0.0, 0.0, 0.0), torch.zeros((1, 3), device=self._device))
        except OutOfResources as error:
            raise UnsupportedSceneError(
                f'its layers are too wide for the kernels on this device: {error}'
            ) from error

    def _usual_tiling(self) -> Tiling:
        width = max(self._field.layers.hidden, self._head.hidden)
        capability = _CAPABILITY_OF_THE_INTERPRETER
        if self._device.type == 'cuda':
            capability = torch.cuda.get_device_capability(self._device)
        return tiling_for(width, capability)

    def _most_rays(self) -> int:
        processors = _MULTIPROCESSORS_OF_THE_INTERPRETER
        if self._device.type == 'cuda':
            processors = torch.cuda.get_device_properties(self._device).multi_processor_count
        return processors * self._tiling.rays_per_multiprocessor

    def _current_device(self) -> AbstractContextManager[object]:
        """Return a context in which Triton launches on this renderer's device."""
        if self._device.type == 'cuda':
            return torch.cuda.device(self._device)
        return nullcontext()


def _cell_bytes(device: torch.device, wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    if device.type == 'cuda':
        memory = torch.cuda.get_device_properties(device).total_memory
        return min(memory // _SHARE_FOR_CELLS, _MOST_FOR_CELLS)
    return _CELL_BYTES_OF_THE_INTERPRETER


def _first_edges(parameters: NerfactoParameters) -> torch.Tensor:
    """Return nerfstudio's edges before anything is known, float32, scene units."""
    spacing = torch.linspace(0.0, 1.0, parameters.proposals[0].samples + 1)
    near, far = torch.tensor(parameters.near), torch.tensor(parameters.far)
    if not parameters.piecewise:
        return spacing * far + (1 - spacing) * near
    near, far = (torch.where(x < 1, x / 2, 1 - 1 / (2 * x)) for x in (near, far))
    spacing = spacing * far + (1 - spacing) * near
    return torch.where(spacing < 0.5, 2 * spacing, 1 / (2 - 2 * spacing))


def _tensors(network: PackedNetwork) -> tuple[torch.Tensor, ...]:
    return (network.tables, network.cells, network.starts, network.scalings,
            network.layers.weights, network.layers.biases)


def _sizes(network: PackedNetwork) -> dict[str, int]:
    levels, entries, features = network.tables.shape
    layers = network.layers
    return {'PAIRS': levels * features // 2, 'IN_CELLS': network.levels_in_cells * features // 2,
            'FEATURES': features, 'ENTRIES': entries, 'HIDDEN': layers.hidden,
            'LAYERS': layers.count, 'OUTPUTS': layers.outputs}


def _options(tile: Tile) -> dict[str, Any]:
    options = {'num_warps': tile.warps, 'num_stages': 1, 'enable_fp_fusion': True}
    return options if tile.registers is None else {**options, 'maxnreg': tile.registers}
