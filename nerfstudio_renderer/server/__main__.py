# SPDX-License-Identifier: Apache-2.0
"""The executable ``server``: ``python -m nerfstudio_renderer.server``."""

import sys

from nerfstudio_renderer.server.main import main

if __name__ == '__main__':
    sys.exit(main())
