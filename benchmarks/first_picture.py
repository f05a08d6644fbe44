# SPDX-License-Identifier: Apache-2.0
"""Shows the bundled scene once with the engine ENGINE, and prints when it had done what."""

from __future__ import annotations

import json
import sys
import time

# Held-out view of the bundled scene, as a script would give it: scene units, degrees.
_POSITION, _ROTATION = (-0.326, 0.842, -0.096), (76.4, -2.0, -142.0)
_LIMIT_S = 300.0


def main() -> None:
    """Print moments as JSON, seconds of CLOCK_MONOTONIC, which all processes share."""
    moments = {'began_s': time.monotonic()}
    from nerfstudio_renderer import NerfStudioRenderQueue

    moments['imported_s'] = time.monotonic()
    with NerfStudioRenderQueue(engine=sys.argv[1]) as queue:
        moments['ready_s'] = time.monotonic()
        queue.update_camera(_POSITION, _ROTATION)
        if queue.wait_for_image(_LIMIT_S) is None:
            raise SystemExit(f'no picture within {_LIMIT_S:g} s')
        moments['pictured_s'] = time.monotonic()
    print(json.dumps(moments))


if __name__ == '__main__':
    main()
