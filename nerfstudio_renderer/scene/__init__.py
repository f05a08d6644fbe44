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
"""Trained scenes, loaded from what ``ns-train`` leaves."""

from nerfstudio_renderer.scene.files import bundled_config, SceneFiles
from nerfstudio_renderer.scene.scene import load_scene, Scene
from nerfstudio_renderer.scene.shared import shared_scene
from nerfstudio_renderer.scene.world import WorldTransform

__all__ = ['bundled_config', 'load_scene', 'Scene', 'SceneFiles', 'shared_scene', 'WorldTransform']
