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

"""The step that repairs the include paths in the ROS 2 wheels' CMake files."""

from __future__ import annotations

from pathlib import Path
import re

from tools.environment.commands import Shell
from tools.environment.layout import Layout

# The wheels were built in the manylinux containers; their exported targets still say so, e.g.
# /opt/python/cp311-cp311/include/python3.11 and
# /opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include
PYTHON_INCLUDE = re.compile(r'/opt/python/[^";]*/include/python3\.\d+')
NUMPY_INCLUDE = re.compile(r'/opt/python/[^";]*/numpy/_?core/include')

ASK = """
import numpy, sysconfig
print(sysconfig.get_path('include'))
print(numpy.get_include())
"""


def repair(layout: Layout, shell: Shell) -> None:
    """Make the wheels' CMake files name this machine's Python and numpy headers."""
    answer = shell.run('finding the include folders', [layout.python, '-c', ASK])
    python_include, numpy_include = answer.strip().splitlines()[-2:]
    for path in layout.venv.glob('share/*/cmake/*.cmake'):
        rewrite(path, python_include, numpy_include)


def rewrite(path: Path, python_include: str, numpy_include: str) -> None:
    """Replace the container's include folders in one CMake file, if it has any."""
    before = path.read_text()
    # Functions, since a path is no replacement pattern.
    after = NUMPY_INCLUDE.sub(lambda _: numpy_include, before)
    after = PYTHON_INCLUDE.sub(lambda _: python_include, after)
    if after != before:
        path.write_text(after)
