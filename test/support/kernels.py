# SPDX-License-Identifier: Apache-2.0
"""The fused engine's CUDA kernels, on any machine: compiled on a GPU, else interpreted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
import io
import multiprocessing
import os
from typing import Any
import warnings

# PyTorch and Triton are imported where they are used: the interpreting process has to set a
# variable first, before it imports this module's functions' modules.

Render = Callable[..., Any]
"""Of (parameters, list of (origin, directions), options of CudaRenderer): a list of tensors."""


@contextmanager
def kernels() -> Iterator[Render]:
    """Provide a function that renders with a new CudaRenderer."""
    import torch

    if torch.cuda.is_available():
        yield lambda parameters, calls, **options: _render(parameters, calls, 'cuda', **options)
        return
    # Triton decides when it is imported whether it interprets: in a process of its own.
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, mp_context=context, initializer=_interpret) as pool:

        def render(*arguments: Any, **options: Any) -> Any:
            return _unpacked(pool.submit(_render_packed, _packed((arguments, options))).result())

        yield render


def _interpret() -> None:
    os.environ['TRITON_INTERPRET'] = '1'
    # numpy's, about the other branch of where().
    warnings.filterwarnings('ignore', category=RuntimeWarning, module='triton')


def _render_packed(packed: bytes) -> bytes:
    arguments, options = _unpacked(packed)
    return _packed(_render(*arguments, 'cpu', **options))


def _render(parameters: Any, calls: Any, device: str, **options: Any) -> Any:
    from nerfstudio_renderer.engines.nerfacto.cuda.renderer import CudaRenderer
    import torch

    renderer = CudaRenderer(parameters, torch.device(device), **options)
    results = [renderer.render(origin, rays.to(device)) for origin, rays in calls]
    return [result.cpu() for result in results]  # after all, in case one overwrote another


def _packed(value: Any) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _unpacked(packed: bytes) -> Any:
    import torch

    return torch.load(io.BytesIO(packed), weights_only=False)
