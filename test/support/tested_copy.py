# SPDX-License-Identifier: Apache-2.0
"""Which copy of the packages is tested: the sources, or what a build has installed."""

from __future__ import annotations

import os
from pathlib import Path
import sys
import sysconfig

ROOT = Path(__file__).resolve().parents[2]
KERNEL = Path('nerfstudio_renderer', 'engines', 'nerfacto', 'cpu',
              f'_kernel{sysconfig.get_config_var("EXT_SUFFIX")}')


def prefer_compiled() -> None:
    """
    Let the sources come last if they are not compiled and an installed copy is.

    So it is after `colcon build` without `--symlink-install`, whose `colcon test` runs in the
    sources. Otherwise the sources, in which this file is, are what is tested.
    """
    others = [path for path in sys.path if Path(path).resolve() != ROOT]
    if (ROOT / KERNEL).exists() or not any(Path(path, KERNEL).exists() for path in others):
        return
    sys.path[:] = [*others, str(ROOT)]
    # The first folder in which `python -m` looks is the one that it is started in.
    os.chdir(ROOT / 'test')


def python_path() -> str:
    """Return the PYTHONPATH with which a process finds what this one finds."""
    given = os.environ.get('PYTHONPATH', '').split(os.pathsep)
    sources_last = sys.path[-1] == str(ROOT)
    paths = [str(ROOT / 'test'), *given, str(ROOT)] if sources_last else [
        str(ROOT), str(ROOT / 'test'), *given]
    return os.pathsep.join(filter(None, paths))
