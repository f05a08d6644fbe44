# SPDX-License-Identifier: Apache-2.0
"""Puts the render queue on ROS 2 topics and services."""

from nerfstudio_renderer import __version__

__all__ = ['__version__']
