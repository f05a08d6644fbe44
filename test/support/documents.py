# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
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
