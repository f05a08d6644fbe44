# SPDX-License-Identifier: Apache-2.0
"""
The rpyc server on engines without a scene, as a process: ``python -m support.pattern_server``.

The device that a queue names picks its engine: 'gated' for a GatedEngine, 'cpu' or 'auto' for a
PatternEngine, and 'slow' for one that takes an hour. Neither PyTorch nor nerfstudio is imported.
"""

from __future__ import annotations

import importlib
from pathlib import Path
import sys

from nerfstudio_renderer import nerfstudio_render_queue, NerfStudioRenderQueue, SceneError

from support.engines import PatternEngine
from support.gated import GatedEngine

ENGINES = {
    'gated': GatedEngine,
    'auto': PatternEngine,
    'cpu': PatternEngine,
    'slow': lambda: PatternEngine(seconds_per_ray=1.0),
}
END_S = 4.0
MADE: list[PatternEngine] = []
"""The engines, as they were asked for."""


class FakeScene:
    """Stands for a loaded scene."""


def fake_scene(config: Path | None, *, checkpoint: Path | None) -> FakeScene:
    """Return a scene whose config.yml need only exist."""
    if config is not None and not Path(config).exists():
        raise SceneError(f'config {str(config)!r} does not exist')
    return FakeScene()


def fake_engine(scene: FakeScene, name: str, device: str) -> PatternEngine:
    """Return the engine that the device stands for."""
    MADE.append(ENGINES[device]())
    return MADE[-1]


def load() -> None:
    """Give the queue fakes for what loads scenes and chooses engines."""
    nerfstudio_render_queue.shared_scene = fake_scene
    nerfstudio_render_queue.select_engine = fake_engine
    # Every level is rendered, however fast the engine seems.
    NerfStudioRenderQueue.__init__.__kwdefaults__['target_latency_ms'] = 0.0
    # Tests of a client that does not end need not take longer than this.
    importlib.import_module('nerfstudio_renderer.server.main')._END_S = END_S


if __name__ == '__main__':
    from nerfstudio_renderer.server.main import main

    # The module that clients find, not this one, which is called __main__.
    importlib.import_module('support.pattern_server').load()
    sys.exit(main())
