# SPDX-License-Identifier: Apache-2.0
"""What the linters look at."""

from pathlib import Path

ROOT = Path(__file__).parents[1]

GENERATED = {'build', 'install', 'log'}
"""Folders of a colcon workspace, where copies of the sources are."""


def is_source_folder(folder: Path) -> bool:
    """Return whether a folder of the checkout holds Python sources of ours."""
    hidden = folder.name.startswith('.')
    return not hidden and folder.name not in GENERATED and any(folder.rglob('*.py'))


FOLDERS = sorted(path for path in ROOT.iterdir() if path.is_dir() and is_source_folder(path))
FILES = sorted([*ROOT.glob('*.py'), *(file for path in FOLDERS for file in path.rglob('*.py'))])
MANIFESTS = [ROOT / 'package.xml', ROOT / 'nerfstudio_renderer_msgs' / 'package.xml']
