# SPDX-License-Identifier: Apache-2.0
"""Packages that some engines are made of, and that a machine need not have."""

from __future__ import annotations

import importlib.util


def is_installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # of a finder that hides it, or of what stands for it
        return False
