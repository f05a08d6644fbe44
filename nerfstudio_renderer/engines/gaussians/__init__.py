# SPDX-License-Identifier: Apache-2.0
"""The engines that rasterise Gaussians."""
