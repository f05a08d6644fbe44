# SPDX-License-Identifier: Apache-2.0
"""Inputs: poses, their frames, the calibration of a real camera."""
