# SPDX-License-Identifier: Apache-2.0
"""Rows as JSON files, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
import inspect
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.machine import Machine

MACHINE_FILE = 'machine.json'


@dataclass(frozen=True)
class Table:
    """Rows of one kind."""

    title: str
    """What they are."""
    rows: tuple[dict[str, Any], ...]
    """Each with the same keys, in the order of the columns."""


@dataclass(frozen=True)
class Result:
    """What one benchmark measured."""

    benchmark: str
    """Its name."""
    quick: bool
    """Whether it measured too little for the figures to mean anything."""
    date: str
    """When it began, local time."""
    load_average: float
    """Of the machine in the minute before it began."""
    seconds: float
    """How long it took."""
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Start:
    """The circumstances under which a benchmark begins."""

    date: str
    """Local time."""
    load_average: float
    """Of the last minute."""

    @classmethod
    def now(cls) -> Start:
        """Return those of this moment."""
        return cls(datetime.now().isoformat(' ', 'seconds'), round(os.getloadavg()[0], 2))


def tables_of(rows: Iterable[Any]) -> tuple[Table, ...]:
    """
    Return instances of dataclasses as tables, one for each class.

    The first line of a class's docstring is its table's title.
    """
    by_class: dict[type, list[dict[str, Any]]] = {}
    for row in rows:
        by_class.setdefault(type(row), []).append(asdict(row))
    return tuple(Table(_title(kind), tuple(rows)) for kind, rows in by_class.items())


def _title(kind: type) -> str:
    return inspect.getdoc(kind).partition('\n')[0]


def write(result: Result, folder: Path) -> Path:
    """Write a result into ``folder``; return the file."""
    return _write(asdict(result), folder / f'{result.benchmark}.json')


def write_machine(machine: Machine, start: Start, folder: Path) -> Path:
    """Write what the results beside it were taken on."""
    return _write({**asdict(machine), **asdict(start)}, folder / MACHINE_FILE)


def read_all(folder: Path, names: Sequence[str]) -> list[Result]:
    """Return those of the results called ``names`` that are in ``folder``."""
    return [_read(path) for name in names if (path := folder / f'{name}.json').is_file()]


def _write(values: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + '\n')
    return path


def _read(path: Path) -> Result:
    values = json.loads(path.read_text())
    tables = (Table(table['title'], tuple(table['rows'])) for table in values.pop('tables'))
    return Result(**values, tables=tuple(tables))
