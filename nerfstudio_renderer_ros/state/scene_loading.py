# SPDX-License-Identifier: Apache-2.0
"""From the node's parameters to a renderer of a loaded scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import nerfstudio_renderer as core
from nerfstudio_renderer_ros.state.parameters import Value
from nerfstudio_renderer_ros.state.settings import Settings


@dataclass(frozen=True, eq=False)
class LoadedScene:
    """A loaded scene and its renderer."""

    renderer: core.ProgressiveRenderer
    """Renders it."""
    world: core.WorldTransform | None
    """From the world of the training poses to the scene; None if that is not known."""
    title: str = ''
    """Name of what was loaded, for people."""
    engine: str = ''
    """Name of the engine, and why it was chosen."""

    def in_world(self, settings: Settings) -> bool:
        """Tell whether poses are in the world of the training poses, not in the scene's."""
        return settings.units != 'scene' and self.world is not None

    def units(self, settings: Settings) -> core.WorldTransform:
        """Return the transform from the coordinates of the poses to the scene's."""
        return self.world if self.in_world(settings) else core.WorldTransform.identity()

    def unsupported_reason(self, settings: Settings, camera: core.Intrinsics) -> str | None:
        """Return why it cannot be rendered like that, and what to do; None if it can."""
        if settings.units == 'world' and self.world is None:
            return (
                'parameter pose_units: world needs dataparser_transforms.json beside the '
                'config; copy it there, or send poses in scene units with pose_units:=scene'
            )
        return self.renderer.unsupported_reason(camera)

    def check(self, settings: Settings, camera: core.Intrinsics) -> None:
        """
        Refuse settings and cameras with which it cannot be rendered.

        :raises ConfigurationError: with the reason and what to do.
        """
        if (reason := self.unsupported_reason(settings, camera)) is not None:
            raise core.ConfigurationError(reason)


SceneOpener = Callable[[Mapping[str, Value]], LoadedScene]


def open_scene(values: Mapping[str, Value]) -> LoadedScene:
    """
    Load the scene that the parameters name and choose its engine.

    :raises RendererError: if a file, the device or the engine cannot be used.
    """
    scene = core.load_scene(values['config'], checkpoint=values['checkpoint'])
    engine, why = core.choose_engine(scene, values['engine'], values['device'])
    return LoadedScene(
        core.ProgressiveRenderer(engine),
        scene.world,
        scene.title,
        f'{engine.name}: {why}',
    )
