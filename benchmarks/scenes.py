# SPDX-License-Identifier: Apache-2.0
"""The scenes that are measured: the bundled one, the user's, and a random one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import tempfile

from benchmarks import views
from nerfstudio_renderer import Camera, Intrinsics, load_scene
from nerfstudio_renderer.scene import NerfstudioScene


@dataclass(frozen=True, eq=False)
class Subject:
    """A scene and where to look at it from."""

    name: str
    scene: NerfstudioScene
    cameras: Callable[[Intrinsics], list[Camera]]
    """Returns cameras with the given intrinsics, the same each time."""


def bundled() -> Subject:
    """Return the bundled scene, seen from its held-out poses."""
    scene = _nerfstudio_scene(None)
    return Subject('robot_cell', scene, lambda pinhole: views.held_out(scene, pinhole))


def of_user(config: Path) -> Subject:
    """Return the scene of a ``config.yml``, seen from around its origin."""
    scene = _nerfstudio_scene(config)
    return Subject(str(scene.files.config.parent), scene, views.around_origin)


def default_nerfacto() -> Subject:
    """Return a random nerfacto as nerfstudio configures it by default, its torch variant."""
    from benchmarks.random_scene import write_default_nerfacto  # with nerfstudio: seconds

    with tempfile.TemporaryDirectory() as folder:
        # The checkpoint is open, and can be read when the folder is gone.
        scene = _nerfstudio_scene(write_default_nerfacto(Path(folder)))
    return Subject('nerfacto default', scene, views.around_origin)


def _nerfstudio_scene(config: Path | None) -> NerfstudioScene:
    scene = load_scene(config)
    if not isinstance(scene, NerfstudioScene):
        raise RuntimeError(f'{scene.title}: benchmarks of engines need a config.yml')
    return scene
