# SPDX-License-Identifier: Apache-2.0
"""From a camera update to a series of frames: queue, levels, pixels, images."""
