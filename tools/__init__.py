# SPDX-License-Identifier: Apache-2.0
"""What makes the things that this repository ships, and the environment to work in it."""
