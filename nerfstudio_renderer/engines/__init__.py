# SPDX-License-Identifier: Apache-2.0
"""The engines that turn rays into colour, depth and accumulation."""
