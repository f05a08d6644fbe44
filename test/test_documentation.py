# SPDX-License-Identifier: Apache-2.0
"""What the README says is what the code does."""

from __future__ import annotations

import json
from pathlib import Path
import re

from nerfstudio_renderer_ros.state.parameters import PARAMETERS, ParameterSpec

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text()


def _row(spec: ParameterSpec) -> str:
    value = spec.default if isinstance(spec.default, str) else json.dumps(spec.default)
    cells = f'`{spec.name}`', f'`{value or json.dumps(value)}`', spec.changes, spec.description
    return f'| {" | ".join(cells)} |'


def test_the_readme_lists_every_parameter_as_it_is():
    table = README.split('## Parameters')[1].split('##')[0]
    rows = [line for line in table.splitlines() if line.startswith('| `')]
    assert rows == [_row(spec) for spec in PARAMETERS]


def _anchors(page: Path) -> set[str]:
    """Return the names by which links reach the headings of a page."""
    headings = re.findall(r'^#+ (.*)$', page.read_text(), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading).lower().replace(' ', '-') for heading in headings}


def test_links_in_the_documentation_lead_somewhere():
    for page in (ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')):
        for target in re.findall(r'\]\(([^)]+)\)', page.read_text()):
            if target.startswith('http'):
                continue
            name, _, anchor = target.partition('#')
            path = page.parent / name if name else page
            assert path.exists(), f'{page.name}: {target}'
            assert not anchor or anchor in _anchors(path), f'{page.name}: {target}'


def test_the_files_that_the_architecture_names_exist():
    text = (ROOT / 'docs' / 'architecture.md').read_text()
    names = set(re.findall(r'[`\s]([a-z_]+\.py)\b', text))
    existing = {path.name for path in ROOT.rglob('*.py') if '/.venv' not in str(path)}
    assert names <= existing, names - existing
