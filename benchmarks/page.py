# SPDX-License-Identifier: Apache-2.0
"""The generated parts of docs/performance.md: between ``<!-- begin NAME -->`` and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
import re
from typing import Any

from benchmarks.catalogue import NAMES
from benchmarks.results import MACHINE_FILE, read_all, Result
from benchmarks.tables import in_markdown

PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'performance.md'
_PART = re.compile(r'(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)', re.DOTALL)


class PageError(Exception):
    """Results that do not belong into the documentation."""


def update(page: Path, output: Path) -> list[str]:
    """
    Write the results in ``output`` into ``page``; return the names of the parts that it has.

    Parts of benchmarks that have no result there stay as they are.

    :raises PageError: if there are no results, or quick ones.
    """
    parts = _parts(output)
    text, names = rewritten(page.read_text(), parts)
    page.write_text(text)
    return names


def rewritten(page: str, parts: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return ``page`` with ``parts`` in their places, and the names of those that have one."""
    written = []

    def replace(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        if name not in parts:
            return match[0]
        written.append(name)
        return f'{begin}{parts[name]}\n{end}'

    return _PART.sub(replace, page), written


def _parts(output: Path) -> dict[str, str]:
    machine = output / MACHINE_FILE
    results = read_all(output, NAMES)
    if not (results and machine.is_file()):
        raise PageError(f'no results in {str(output)!r}: run make bench first')
    if quick := [result.benchmark for result in results if result.quick]:
        raise PageError(f'{", ".join(quick)} in {str(output)!r} came from --quick: run without it')
    return {
        'machine': _machine(json.loads(machine.read_text()), results),
        **{
            result.benchmark: '\n\n'.join(map(in_markdown, result.tables))
            for result in results if result.tables  # gpu has none where there is no GPU
        },
    }


def _machine(machine: Mapping[str, Any], results: Iterable[Result]) -> str:
    loads = [result.load_average for result in results]
    memory = f', {machine["memory_gib"]:.0f} GiB' if machine['memory_gib'] else ''
    gpu = f', {machine["gpu"]}' if machine['gpu'] else ''
    return (
        f'{machine["date"]}: {machine["cpu"]}, {machine["cores"]} cores '
        f'({", ".join(machine["instruction_sets"])}){memory}{gpu}; {machine["system"]}; '
        f'Python {machine["python"]}, numpy {machine["numpy"]}, PyTorch {machine["torch"]}, '
        f'nerfstudio {machine["nerfstudio"]}. Load average before each benchmark: '
        f'{min(loads):.2f} to {max(loads):.2f}.'
    )
