# SPDX-License-Identifier: Apache-2.0
"""
Renders scenes trained with nerfstudio from a moving camera, coarse to fine.

This package knows nothing of ROS; ``nerfstudio_renderer_ros`` puts it on topics and services.
"""

from nerfstudio_renderer.caches import (
    clear_caches,
    free_unused_memory,
)
from nerfstudio_renderer.cameras.camera import (
    Camera,
    Intrinsics,
    LARGEST_SIDE,
    PoseTolerance,
    Projection,
)
from nerfstudio_renderer.cameras.conventions import PoseConvention
from nerfstudio_renderer.cameras.pose import (
    c2w_from_euler,
    c2w_from_quaternion,
    quaternion_from_c2w,
    transform_pose,
)
from nerfstudio_renderer.defaults import DEFAULTS
from nerfstudio_renderer.engines.registry import choose_engine, ENGINE_NAMES, select_engine
from nerfstudio_renderer.errors import (
    ConfigurationError,
    contained,
    PoseError,
    RendererError,
    RenderError,
    SceneError,
)
from nerfstudio_renderer.nerfstudio_render_queue import NerfStudioRenderQueue
from nerfstudio_renderer.renderer import Renderer
from nerfstudio_renderer.rendering.depth import optical_depth
from nerfstudio_renderer.rendering.frame import Frame, Update
from nerfstudio_renderer.rendering.levels import ImageLevels, Quality, StrideLevels
from nerfstudio_renderer.rendering.progressive import ProgressiveRenderer
from nerfstudio_renderer.rendering.render_queue import RenderQueue
from nerfstudio_renderer.scene import load_scene, Scene, WorldTransform
from nerfstudio_renderer.shutdown import exit_quickly
from nerfstudio_renderer.wording import quoted, reason, shortened

__version__ = '0.1.0'

__all__ = [
    'c2w_from_euler',
    'c2w_from_quaternion',
    'Camera',
    'choose_engine',
    'clear_caches',
    'ConfigurationError',
    'contained',
    'DEFAULTS',
    'exit_quickly',
    'ENGINE_NAMES',
    'Frame',
    'free_unused_memory',
    'ImageLevels',
    'Intrinsics',
    'LARGEST_SIDE',
    'load_scene',
    'NerfStudioRenderQueue',
    'optical_depth',
    'PoseConvention',
    'PoseError',
    'PoseTolerance',
    'ProgressiveRenderer',
    'Projection',
    'Quality',
    'quaternion_from_c2w',
    'quoted',
    'reason',
    'Renderer',
    'RendererError',
    'RenderError',
    'RenderQueue',
    'Scene',
    'SceneError',
    'select_engine',
    'shortened',
    'StrideLevels',
    'transform_pose',
    'Update',
    'WorldTransform',
]
