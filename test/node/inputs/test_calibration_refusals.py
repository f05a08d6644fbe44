# SPDX-License-Identifier: Apache-2.0
"""What is not taken over as a camera's calibration, and why."""

from __future__ import annotations

import math

from nerfstudio_renderer import ConfigurationError
from nerfstudio_renderer_ros.inputs.calibration import Calibration
import pytest
from support.camera_infos import camera_info, IDENTITY, K, P, PLUMB_BOB, RATIONAL, ROI

NAN = math.nan


def _changed(numbers: list[float], index: int, value: float) -> list[float]:
    return [*numbers[:index], value, *numbers[index + 1:]]


@pytest.mark.parametrize(
    ('fields', 'reason'),
    [
        ({'k': [0.0] * 9}, 'k [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] has no focal lengths'),
        ({'k': _changed(K, 0, -500.0)}, 'has no focal lengths; calibrate the camera'),
        ({'k': _changed(K, 4, 0.0)}, 'has no focal lengths; calibrate the camera'),
        ({'k': _changed(K, 0, 5e-324)},
         'k [5e-324, 0.0, 330.0, 0.0, 400.0, 250.0, 0.0, 0.0, 1.0]: focal length fx 5e-324 is '
         'not between'),
        ({'k': _changed(K, 4, 1e300)}, 'focal length fy 1e+300 is not between'),
        ({'k': _changed(K, 5, 1e300)}, 'principal point cy 1e+300 is more than'),
        ({'k': _changed(K, 2, NAN)}, 'k [500.0, 0.0, nan, 0.0'),
        ({'k': _changed(K, 4, math.inf)}, 'is not finite; calibrate the camera'),
        ({'k': _changed(K, 1, 2.0)}, 'k [500.0, 2.0, 330.0, 0.0, 400.0, 250.0, 0.0, 0.0, 1.0] is '
                                     'not of the form fx 0 cx 0 fy cy 0 0 1'),
        ({'k': _changed(K, 8, 2.0)}, 'is not of the form'),
        ({'p': _changed(P, 2, NAN)}, 'p [480.0, 0.0, nan, '),
        ({'r': _changed(IDENTITY, 0, NAN)}, 'r [nan, 0.0, '),
        ({'d': _changed(PLUMB_BOB, 1, NAN)}, 'd [-0.2, nan, 0.002, -0.001, -0.01] is not finite'),
        ({'distortion_model': 'thin_prism_fisheye'},
         "'thin_prism_fisheye' is not one of plumb_bob, rational_polynomial, equidistant"),
        ({'distortion_model': 'equirectangular'}, "'equirectangular' is not one of plumb_bob"),
        ({'d': PLUMB_BOB[:3]}, 'd [-0.2, 0.05, 0.002] is not what plumb_bob has here: 0 or 4'),
        ({'d': RATIONAL}, 'is not what plumb_bob has here: 0 or 4 or 5 numbers'),
        ({'distortion_model': 'rational_polynomial', 'd': PLUMB_BOB},
         'is not what rational_polynomial has here: 8 or 12 or 14 numbers'),
        ({'distortion_model': 'rational_polynomial', 'd': [*RATIONAL, 0.0, 0.001, 0.0, 0.0]},
         'all but the first 8 zero'),
        ({'distortion_model': 'rational_polynomial', 'd': [*RATIONAL, *[0.0] * 5, 0.01]},
         'all but the first 8 zero'),
        ({'distortion_model': 'equidistant', 'd': PLUMB_BOB},
         'is not what equidistant has here: 0 or 4 numbers'),
        ({'distortion_model': 'equidistant', 'd': [0.1, 0.0, 0.0]},
         'is not what equidistant has here: 0 or 4 numbers'),
        ({'distortion_model': 'pinhole', 'd': PLUMB_BOB}, 'is not what pinhole has here'),
        ({'distortion_model': 'x' * 1_000_000}, "xxx' (1000002 characters) is not one of plumb"),
        ({'d': [1.0] * 1_000_000}, ' characters) is not what plumb_bob has here'),
        ({'distortion_model': '', 'd': PLUMB_BOB}, 'is not what no distortion_model has here'),
        ({'roi': {**ROI, 'x_offset': 321}},
         'roi 320 x 240 at 321, 50 is not inside the image of 640 x 480'),
        ({'roi': {**ROI, 'height': 431}}, 'roi 320 x 431 at 100, 50 is not inside'),
        ({'width': 0, 'height': 0}, '0 x 0 pixels, binned by 1 x 1, make 0 x 0'),
        ({'binning_x': 641}, '640 x 480 pixels, binned by 641 x 1, make 0 x 480'),
        ({'width': 20000}, 'make 20000 x 480; sides of 1 to 16384 can be rendered'),
    ],
)
def test_what_is_not_a_calibration_is_refused_with_the_reason(fields, reason):
    with pytest.raises(ConfigurationError) as refusal:
        Calibration.from_message(camera_info(**fields), 0.5)
    message = str(refusal.value)
    assert message.startswith('camera_info_in: ')
    assert reason in message
    assert '\n' not in message
    assert len(message) < 500
