# SPDX-License-Identifier: Apache-2.0
"""What comes in: poses, their frames, a real camera."""
