# SPDX-License-Identifier: Apache-2.0
"""Outputs: frames as messages."""
