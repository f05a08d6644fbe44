# SPDX-License-Identifier: Apache-2.0
"""Cameras, their poses and the rays of their pixels; numpy alone."""
