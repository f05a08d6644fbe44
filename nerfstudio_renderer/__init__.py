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
"""
Renders scenes trained with nerfstudio from a moving camera, coarse to fine.

This package knows nothing of ROS; ``nerfstudio_renderer_ros`` puts it on topics and services.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what _HOMES says, for type checkers
    from nerfstudio_renderer.camera import (  # noqa: F401
        Camera,
        Intrinsics,
        LARGEST_SIDE,
        PoseTolerance,
        Projection,
    )
    from nerfstudio_renderer.conventions import PoseConvention  # noqa: F401
    from nerfstudio_renderer.defaults import DEFAULTS  # noqa: F401
    from nerfstudio_renderer.depth import optical_depth  # noqa: F401
    from nerfstudio_renderer.engines.selection import choose_engine, select_engine  # noqa: F401
    from nerfstudio_renderer.errors import (  # noqa: F401
        ConfigurationError,
        contained,
        PoseError,
        RendererError,
        RenderError,
        SceneError,
    )
    from nerfstudio_renderer.exiting import exit_quickly  # noqa: F401
    from nerfstudio_renderer.frame import Frame, Update  # noqa: F401
    from nerfstudio_renderer.ladder import PictureLadder, StrideLadder  # noqa: F401
    from nerfstudio_renderer.memory import (  # noqa: F401
        forget_cached,
        free_unused_memory,
    )
    from nerfstudio_renderer.nerfstudio_render_queue import NerfStudioRenderQueue  # noqa: F401
    from nerfstudio_renderer.pose import (  # noqa: F401
        c2w_from_euler,
        c2w_from_quaternion,
        moved,
        quaternion_of,
    )
    from nerfstudio_renderer.progressive import ProgressiveRenderer, Quality  # noqa: F401
    from nerfstudio_renderer.render_queue import RenderQueue  # noqa: F401
    from nerfstudio_renderer.scene import load_scene, Scene, WorldTransform  # noqa: F401
    from nerfstudio_renderer.wording import quoted, reason, shortened  # noqa: F401

__version__ = '0.1.0'

# Where each public name lives. They are imported when first used: launch files and messages
# do not have to wait for what they do not use.
_HOMES = {
    'Camera': 'camera',
    'ConfigurationError': 'errors',
    'DEFAULTS': 'defaults',
    'Frame': 'frame',
    'Intrinsics': 'camera',
    'LARGEST_SIDE': 'camera',
    'NerfStudioRenderQueue': 'nerfstudio_render_queue',
    'PictureLadder': 'ladder',
    'PoseConvention': 'conventions',
    'PoseError': 'errors',
    'PoseTolerance': 'camera',
    'ProgressiveRenderer': 'progressive',
    'Projection': 'camera',
    'Quality': 'progressive',
    'RenderError': 'errors',
    'RenderQueue': 'render_queue',
    'RendererError': 'errors',
    'Scene': 'scene',
    'SceneError': 'errors',
    'StrideLadder': 'ladder',
    'Update': 'frame',
    'WorldTransform': 'scene',
    'c2w_from_euler': 'pose',
    'c2w_from_quaternion': 'pose',
    'choose_engine': 'engines.selection',
    'contained': 'errors',
    'exit_quickly': 'exiting',
    'forget_cached': 'memory',
    'free_unused_memory': 'memory',
    'load_scene': 'scene',
    'moved': 'pose',
    'optical_depth': 'depth',
    'quaternion_of': 'pose',
    'quoted': 'wording',
    'reason': 'wording',
    'select_engine': 'engines.selection',
    'shortened': 'wording',
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
