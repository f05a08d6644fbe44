# SPDX-License-Identifier: Apache-2.0
"""
Running Python as on a machine that has nothing but numpy and PyYAML.

``python -m support.without_packages script.py`` runs a script so that whatever else is installed
cannot be imported, or even be found.
"""

from __future__ import annotations

from collections.abc import Iterable
import importlib.machinery
from pathlib import Path
import runpy
import subprocess
import sys

from support.servers import environment

PRESENT = frozenset({'nerfstudio_renderer', 'numpy', 'yaml'})
"""All that the core needs."""


class Finder(importlib.machinery.PathFinder):
    """Finds what is on the path, but only of some packages."""

    present = PRESENT

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return where a module is; pretend that there is none of another package."""
        package = fullname.partition('.')[0]
        # PyYAML has its compiled part beside it.
        if package in cls.present | sys.stdlib_module_names | {'_yaml', '__main__'}:
            return super().find_spec(fullname, path, target)
        raise ModuleNotFoundError(f'No module named {fullname!r}', name=fullname)


def run_without_packages(
    folder: Path, script: str, present: Iterable[str] = PRESENT, timeout_s: float = 120.0
) -> str:
    """
    Run a script in a Python of its own without other packages; return what it prints.

    :param present: packages that can be imported.
    """
    path = folder / 'script.py'
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, '-m', 'support.without_packages', path, *present],
        env=environment(), capture_output=True, text=True, timeout=timeout_s,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main(script: str, *present: str) -> None:
    """Run a script where only some packages are present."""
    Finder.present = frozenset(present)
    # Not the path's own finder any more, nor those that packages have put before it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder in _BUILT_IN] + [Finder]
    for name in list(sys.modules):
        package = name.partition('.')[0]
        if package not in Finder.present | sys.stdlib_module_names | {'__main__'}:
            del sys.modules[name]
    runpy.run_path(script)


_BUILT_IN = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter)

if __name__ == '__main__':
    main(*sys.argv[1:])
