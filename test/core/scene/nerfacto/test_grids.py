# SPDX-License-Identifier: Apache-2.0
"""The resolutions of hash levels are those of nerfstudio's encoding, whose rounding decides."""

from __future__ import annotations

from nerfstudio.field_components.encodings import HashEncoding
from nerfstudio_renderer.scene.nerfacto.grids import level_scalings
import numpy as np
import pytest

LEASTS = (1, 2, 4, 5, 8, 16, 17, 32, 100)
MOSTS = (16, 31, 32, 64, 100, 128, 255, 256, 512, 1000, 1024, 2048, 3000, 4096, 8191, 8192, 16384,
         65536, 1 << 20)


@pytest.mark.parametrize('levels', [1, 2, 3, 4, 5, 7, 8, 11, 12, 15, 16, 20, 24, 31])
def test_they_are_nerfstudios_to_the_last_bit(levels):
    for least in LEASTS:
        for most in MOSTS:
            if most < least:
                continue
            encoding = HashEncoding(num_levels=levels, min_res=least, max_res=most,
                                    log2_hashmap_size=1, implementation='torch')
            found = level_scalings(levels, least, most)
            assert found.dtype == np.float32
            np.testing.assert_array_equal(
                found, encoding.scalings.numpy(), err_msg=f'{levels}, {least}, {most}')
