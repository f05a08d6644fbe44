# SPDX-License-Identifier: Apache-2.0
"""State of the node: scene, render session, stamps, parameters."""
