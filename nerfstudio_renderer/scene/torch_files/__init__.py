# SPDX-License-Identifier: Apache-2.0
"""Files of ``torch.save`` read without PyTorch: plain values and tensors, nothing is run."""

from nerfstudio_renderer.scene.torch_files.stored_tensor import StoredTensor
from nerfstudio_renderer.scene.torch_files.torch_file import read_torch_file

__all__ = ['read_torch_file', 'StoredTensor']
