# SPDX-License-Identifier: Apache-2.0
"""Flies a camera around a scene through ROS, checks every picture, and shows what came."""
