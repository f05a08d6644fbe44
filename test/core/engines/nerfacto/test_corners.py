# SPDX-License-Identifier: Apache-2.0
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
