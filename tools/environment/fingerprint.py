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

"""Content hashes, by which a step knows that nothing changed."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path


def of_texts(texts: Iterable[str]) -> str:
    """Return the SHA-256 (hex) of some texts, in their order."""
    digest = sha256()
    for text in texts:
        # The length keeps ('ab', 'c') and ('a', 'bc') apart.
        digest.update(f'{len(text)}:{text}'.encode())
    return digest.hexdigest()


def of_files(paths: Iterable[Path]) -> str:
    """Return the SHA-256 (hex) of the files' names and contents, independent of their order."""
    return of_texts(f'{path} {sha256(path.read_bytes()).hexdigest()}' for path in sorted(paths))


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted, without Python's caches; [] if it is missing."""
    files = (path for path in folder.rglob('*') if path.is_file())
    return sorted(path for path in files if '__pycache__' not in path.parts)
