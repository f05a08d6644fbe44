# SPDX-License-Identifier: Apache-2.0
"""What people and monitors are told: diagnostics, statistics, log."""
