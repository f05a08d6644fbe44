# SPDX-License-Identifier: Apache-2.0
"""The command ``nerfstudio-renderer``: what the package does, from a shell and without ROS."""
