# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Which device renders."""

from __future__ import annotations

from nerfstudio_renderer.errors import ConfigurationError
import torch


def select_device(name: str = 'auto') -> torch.device:
    """
    Return the device called ``name``: 'auto', 'cpu', 'cuda' or 'cuda:N'.

    :raises ConfigurationError: if the name is another, or there is no such device here.
    """
    if name == 'auto':
        return torch.device('cuda', 0) if torch.cuda.is_available() else torch.device('cpu')
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ('cpu', 'cuda'):
        raise ConfigurationError(f'device {name!r} is not auto, cpu, cuda or cuda:N')
    if device.type == 'cpu':
        return torch.device('cpu')
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    index = device.index or 0
    if index >= found:
        raise ConfigurationError(
            f'device {name!r}: PyTorch finds {found} CUDA devices here; use auto or cpu'
        )
    return torch.device('cuda', index)
