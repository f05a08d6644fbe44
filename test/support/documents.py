# SPDX-License-Identifier: Apache-2.0
"""The pieces of code in docs/python.md, which tests run as they stand."""

from __future__ import annotations

import re

from support.tested_copy import ROOT


def blocks(language: str, containing: str) -> list[str]:
    """Return the code blocks in ``language`` that contain a text."""
    text = (ROOT / 'docs' / 'python.md').read_text()
    found = re.findall(rf'```{language}\n(.*?)```', text, re.DOTALL)
    return [block for block in found if containing in block]


def python_blocks(containing: str) -> list[str]:
    """Return the blocks of Python that contain a text."""
    return blocks('python', containing)
