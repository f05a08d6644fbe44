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
"""Shows the bundled scene once with the engine ENGINE, and prints when it had done what."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Print moments as JSON, seconds of CLOCK_MONOTONIC, which all processes share."""
    moments = {'began_s': time.monotonic()}
    from benchmarks.views import on_orbit
    from nerfstudio_renderer import (
        DEFAULTS,
        load_scene,
        ProgressiveRenderer,
        Quality,
        select_engine,
        StrideLevels,
        Update,
    )

    moments['imported_s'] = time.monotonic()
    scene = load_scene()
    moments['loaded_s'] = time.monotonic()
    engine = select_engine(scene, sys.argv[1])
    moments['ready_s'] = time.monotonic()
    renderer = ProgressiveRenderer(engine, Quality(StrideLevels(DEFAULTS.levels)))
    update = Update(1, on_orbit(scene, DEFAULTS.intrinsics, 0.0), time.monotonic())
    next(renderer.frames(update, lambda level: False)).picture.rgb8  # noqa: B018 - is made there
    moments['pictured_s'] = time.monotonic()
    print(json.dumps(moments))


if __name__ == '__main__':
    main()
