# SPDX-License-Identifier: Apache-2.0
"""Builds `.venv`: ROS 2 from wheels, the interfaces, this project, and on request nerfstudio."""
