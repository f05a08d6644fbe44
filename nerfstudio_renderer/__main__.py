# SPDX-License-Identifier: Apache-2.0
"""Run as ``python -m nerfstudio_renderer``."""

import sys

from nerfstudio_renderer.command_line.main import main

if __name__ == '__main__':
    sys.exit(main())
