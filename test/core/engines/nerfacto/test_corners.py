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
"""The corners of hash levels are found where nerfstudio's encoding looks for them."""

from __future__ import annotations

from nerfstudio.field_components.encodings import HashEncoding
from nerfstudio_renderer.engines.nerfacto.corners import corners_along_edge, entries_by_plane
import numpy as np
import pytest
import torch


@pytest.mark.parametrize(('scaling', 'corners'), [(1.0, 3), (16.0, 18), (16.5, 18)])
def test_an_edge_has_a_corner_behind_the_last_cell(scaling: float, corners: int):
    assert corners_along_edge(scaling) == corners


def test_entries_are_those_of_nerfstudios_hash():
    encoding = HashEncoding(num_levels=1, log2_hashmap_size=10, implementation='torch')
    side = 20
    z, y, x = torch.meshgrid(*[torch.arange(side)] * 3, indexing='ij')
    expected = encoding.hash_fn(torch.stack((x, y, z), dim=-1)[..., None, :])[..., 0]
    entries = np.stack(list(entries_by_plane(side, 1 << 10)))
    np.testing.assert_array_equal(entries, expected.numpy())
