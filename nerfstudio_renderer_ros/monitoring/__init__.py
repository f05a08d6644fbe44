# SPDX-License-Identifier: Apache-2.0
"""For people and monitors: diagnostics, statistics, log."""
