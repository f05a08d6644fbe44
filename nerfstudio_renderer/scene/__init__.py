# SPDX-License-Identifier: Apache-2.0
"""Trained scenes, loaded from what ``ns-train`` leaves."""

from nerfstudio_renderer.scene.files import bundled_config, SceneFiles
from nerfstudio_renderer.scene.scene import (
    GaussianScene,
    load_scene,
    NerfstudioScene,
    Scene,
)
from nerfstudio_renderer.scene.shared import shared_scene
from nerfstudio_renderer.scene.suggested_pose import suggested_pose
from nerfstudio_renderer.scene.world import WorldTransform

__all__ = [
    'bundled_config',
    'GaussianScene',
    'load_scene',
    'NerfstudioScene',
    'Scene',
    'SceneFiles',
    'shared_scene',
    'suggested_pose',
    'WorldTransform',
]
