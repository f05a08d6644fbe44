# SPDX-License-Identifier: Apache-2.0
"""Scenes of 3D Gaussians: what they are, and the engines that rasterise them."""
