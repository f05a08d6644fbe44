# SPDX-License-Identifier: Apache-2.0
"""Scenes of Gaussians, read from the files that trainers, editors and viewers write."""

from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
from nerfstudio_renderer.scene.gaussians.reading import is_gaussian_file, read_gaussians
from nerfstudio_renderer.scene.gaussians.splatfacto import from_splatfacto

__all__ = [
    'from_splatfacto',
    'GaussianFile',
    'Gaussians',
    'is_gaussian_file',
    'read_gaussians',
]
