# SPDX-License-Identifier: Apache-2.0
"""
Reading what ``torch.save`` wrote, as numpy arrays, without PyTorch.

A file of ``torch.save`` is a zip archive whose records are stored as they are: ``data.pkl``, a
pickle in which each storage is a reference, and ``data/<key>``, the bytes of each storage. The
pickle is read by an interpreter of our own that imports nothing and calls nothing that a file
names. PyTorch's ``torch/serialization.py`` and ``caffe2/serialize/inline_container.cc`` write it.
"""

from nerfstudio_renderer.scene.torch_files.problems import DamagedFileError
from nerfstudio_renderer.scene.torch_files.stored_tensor import StoredTensor
from nerfstudio_renderer.scene.torch_files.torch_file import open_torch_file, TorchFile

__all__ = ['DamagedFileError', 'open_torch_file', 'StoredTensor', 'TorchFile']
