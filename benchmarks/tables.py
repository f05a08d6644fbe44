# SPDX-License-Identifier: Apache-2.0
"""Rows as tables for people, on a terminal and in Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.results import Table
from rich import box
from rich import table as rich_table

_UNITS = {'ms': 'ms', 's': 's', 'pct': '%', 'db': 'dB', 'mib': 'MiB'}


def heading(field: str) -> str:
    """Return how a row's field is called above its column: ``p50_ms`` is 'p50, ms'."""
    *words, last = field.split('_')
    if words and last in _UNITS:
        return f'{" ".join(words)}, {_UNITS[last]}'
    return ' '.join([*words, last])


def cell(value: Any) -> str:
    """Return a value with as many digits as it is worth."""
    if value is None:
        return '-'
    if isinstance(value, float):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return f'{value:,.0f}'
    return f'{value:.2f}' if size >= 0.1 or size == 0 else f'{value:.2g}'


def for_terminal(table: Table) -> rich_table.Table:
    """Return ``table`` for a rich console."""
    shown = rich_table.Table(title=table.title, title_justify='left', box=box.SIMPLE_HEAD)
    for field in _fields(table):
        shown.add_column(heading(field), justify=_justification(table, field))
    for row in table.rows:
        shown.add_row(*map(cell, row.values()))
    return shown


def in_markdown(table: Table) -> str:
    """Return ``table`` for a page of the documentation."""
    fields = _fields(table)
    rules = ('--:' if _justification(table, field) == 'right' else '---' for field in fields)
    lines = [map(heading, fields), rules, *(map(cell, row.values()) for row in table.rows)]
    return '\n'.join([table.title, '', *(f'| {" | ".join(line)} |' for line in lines)])


def _fields(table: Table) -> list[str]:
    return list(table.rows[0])


def _justification(table: Table, field: str) -> str:
    return 'left' if any(isinstance(row[field], str) for row in table.rows) else 'right'
