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

"""`python -m tools.environment`: what `make setup` runs."""

import sys


def main():
    """Refuse an interpreter too old for the rest of this package, else run the set-up."""
    if sys.version_info < (3, 10):  # noqa: UP036 - an older one is told so here
        version = '.'.join(map(str, sys.version_info[:2]))
        sys.exit(
            'error: Python ' + version + ' is too old, 3.10 to 3.12 will do: install one and name '
            'it, as in "make setup PYTHON=python3.11"')
    from tools.environment.cli import run
    return run()


if __name__ == '__main__':
    sys.exit(main())
