# SPDX-License-Identifier: Apache-2.0
"""The executable ``renderer``: ``python -m nerfstudio_renderer_ros``."""

import sys

from nerfstudio_renderer_ros.main import main

if __name__ == '__main__':
    sys.exit(main())
