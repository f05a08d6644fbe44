# SPDX-License-Identifier: Apache-2.0
"""The fused engine's CUDA kernels as machine code, made on a machine without a GPU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import re
import subprocess
from typing import Any
from unittest import mock

from nerfstudio_renderer.engines.nerfacto.cuda import renderer
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tiling
from nerfstudio_renderer.scene.nerfacto import NerfactoParameters
import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

_TOOLS = Path(triton.__file__).parent / 'backends' / 'nvidia' / 'bin'
_TYPES = {torch.float16: '*fp16', torch.float32: '*fp32', torch.int64: '*i64'}


def compile_kernels(
    parameters: NerfactoParameters, tiling: Tiling, capability: int
) -> dict[str, bytes]:
    """Return the machine code of every kernel that renders a ray, by the kernel's name."""
    code: dict[str, bytes] = {}
    with mock.patch.multiple(renderer, **{
        name: _Compiler(getattr(renderer, name), capability, code)
        for name in ('proposal_kernel', 'resampling_kernel', 'field_kernel')
    }):
        cpu = torch.device('cpu')
        renderer.CudaRenderer(parameters, cpu, tiling).render((0.0, 0.0, 0.0), torch.zeros(1, 3))
    return code


def spilled_bytes(code: bytes, folder: Path) -> int:
    """Return how much memory a thread of a kernel needs because its registers do not suffice."""
    path = folder / 'kernel.cubin'
    path.write_bytes(code)
    report = subprocess.run(
        [_TOOLS / 'cuobjdump', '--dump-resource-usage', path],
        check=True, capture_output=True, text=True,
    ).stdout
    return int(re.search(r'STACK:(\d+)', report)[1])


class _Compiler:
    """Compiles a kernel where it would be launched."""

    def __init__(self, kernel: Any, capability: int, code: dict[str, bytes]) -> None:
        self._kernel = kernel
        self._target = GPUTarget('cuda', capability, 32)
        self._code = code

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., None]:
        return self._compile

    def _compile(self, *arguments: Any, **named: Any) -> None:
        names = self._kernel.arg_names
        constants = {name: value for name, value in named.items() if name in names}
        options = {name: value for name, value in named.items() if name not in names}
        values = dict(zip(names, arguments, strict=False))
        signature = {name: 'constexpr' if name in constants else _type(values[name])
                     for name in names}
        aligned = {(names.index(name),): [['tt.divisibility', 16]]
                   for name, value in values.items() if isinstance(value, torch.Tensor)}
        source = ASTSource(self._kernel, signature, constants, aligned)
        compiled = triton.compile(source, target=self._target, options=options)
        self._code[self._kernel.__name__] = compiled.asm['cubin']


def _type(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return _TYPES[value.dtype]
    return {int: 'i32', float: 'fp32'}[type(value)]
