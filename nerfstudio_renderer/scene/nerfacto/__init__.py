# SPDX-License-Identifier: Apache-2.0
"""Scenes of the nerfacto family: their parameters, and how these are read."""

from nerfstudio_renderer.scene.nerfacto.parameters import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
)
from nerfstudio_renderer.scene.nerfacto.reading import is_nerfacto, read_nerfacto

__all__ = [
    'Dense',
    'DensityNetwork',
    'DIRECTION_COEFFICIENTS',
    'HashGrid',
    'is_nerfacto',
    'NerfactoParameters',
    'ProposalPass',
    'read_nerfacto',
]
