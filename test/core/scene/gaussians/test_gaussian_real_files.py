# SPDX-License-Identifier: Apache-2.0
"""Files that other people's programs wrote are read as others read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nerfstudio_renderer.scene.gaussians import read_gaussians
import numpy as np
import pytest

FOLDER = Path(__file__).parents[3] / 'data' / 'gaussians'
INDEX = 1234


@dataclass(frozen=True)
class Expected:
    """A file, and its Gaussian number INDEX."""

    version: str
    degree: int
    mean: tuple[float, ...]
    log_scale: tuple[float, ...]
    quaternion: tuple[float, ...]
    logit: float
    dc: tuple[float, ...]
    rest: dict[int, tuple[float, ...]]


FILES = {
    # As gsply 0.4.6 reads it, then turned half around x.
    'amaebi_pod.spz': Expected(
        '2', 3, (-0.05175781, 0.06762695, -0.04321289), (-7.6875, -7.25, -7.4375),
        (0.74230635, 0.5607844, -0.3333334, 0.15294112), -1.4360557,
        (-0.16993453, -0.3006535, -0.45751622),
        {0: (0, -0.0625, 0), 2: (-0.0625, -0.0625, -0.0625)},
    ),
    # The record's own numbers: scales of 0.0768, 0.0270, 0.0405, an opacity of 214, white.
    'outdoor-demo.splat': Expected(
        '', 0, (-1.8597422, 2.788181, 0.06895006), (-2.5665205, -3.6123905, -3.2065773),
        (125.5, -6.5, -15.5, 17.5), 1.652404, (1.7724538,) * 3, {},
    ),
    # Computed from the pixels by hand: the rotation's is (188, 53, 48, 254), so z is left out.
    'playbot_2_0': Expected(
        '2', 2, (-0.05029079, -0.01848634, 0.2223175), (-6.838055, -5.746321, -7.327864),
        (0.3355291, -0.4131722, 0.7227133, -0.4409019), np.log(253 / 2),
        (-0.2366895, 0.2886113, 0.0962079),
        {0: (0.2036003, -0.4061368, -0.6113903), 7: (-0.04839873, -0.2582293, -0.2722463)},
    ),
}


@pytest.mark.parametrize('name', FILES)
def test_a_file_of_another_program_is_read_as_others_read_it(name):
    if name == 'playbot_2_0':
        pytest.importorskip('PIL')
    expected = FILES[name]
    got = read_gaussians(FOLDER / name)
    gaussians = got.gaussians
    assert (got.version, gaussians.sh_degree) == (expected.version, expected.degree)
    assert (len(gaussians), got.left_out) == (2000, 0)
    for array, values in (
        (gaussians.means, expected.mean), (gaussians.log_scales, expected.log_scale),
        (gaussians.quaternions, expected.quaternion), (gaussians.opacity_logits, expected.logit),
        (gaussians.sh[:, 0], expected.dc),
    ):
        np.testing.assert_allclose(array[INDEX], values, rtol=1e-5, atol=1e-6)
    for index, values in expected.rest.items():
        np.testing.assert_allclose(gaussians.sh[INDEX, 1 + index], values, rtol=1e-5, atol=1e-6)
