# SPDX-License-Identifier: Apache-2.0
"""From the command line to the results."""

from __future__ import annotations

from collections.abc import Sequence
import os
from pathlib import Path
import sys
import time

from benchmarks import catalogue, page, results
from benchmarks.machine import this_machine
from benchmarks.options import Options, parse
from benchmarks.results import Result, Start
from benchmarks.settings import Settings
from benchmarks.tables import for_terminal
from examples.demo.network import isolate
from examples.demo.process import clean_up_when_asked_to_end
from rich.console import Console

_TABLES_FILE = 'tables.txt'
_FILE_WIDTH = 160

FAILED, INTERRUPTED = 1, 130
"""Exit statuses: a benchmark failed, the others have their results; Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; return the exit status of the process."""
    options = parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else _FILE_WIDTH)
    clean_up_when_asked_to_end()
    try:
        return _write_page(options, console) if options.docs else _measure(options, console)
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return INTERRUPTED


def _measure(options: Options, console: Console) -> int:
    isolate(os.environ)
    options.output.mkdir(parents=True, exist_ok=True)
    settings = Settings(options.output, options.scene, options.quick)
    results.write_machine(this_machine(), Start.now(), options.output)
    failed = []
    for name in options.names:
        console.print(f'measuring {name}', style='dim')  # no spinner: it would be measured too
        try:
            result = _run(name, settings)
        except Exception:
            # The others are worth having all the same.
            console.print_exception()
            failed.append(name)
            continue
        results.write(result, options.output)
        _show(result, console)
    _write_tables(options.output)
    console.print(f'Wrote {options.output}/*.json and {_TABLES_FILE}')
    if failed:
        print(f'error: no results of {", ".join(failed)}: see above', file=sys.stderr)
    return FAILED if failed else 0


def _run(name: str, settings: Settings) -> Result:
    start = Start.now()
    began_s = time.monotonic()
    tables = results.tables_of(catalogue.run(name, settings))
    seconds = round(time.monotonic() - began_s, 1)
    return Result(name, settings.quick, start.date, start.load_average, seconds, tables)


def _show(result: Result, console: Console) -> None:
    meaning = ', quick: the figures mean nothing' if result.quick else ''
    console.print(
        f'\n{result.benchmark} ({result.date}, {result.seconds:.0f} s, load average '
        f'{result.load_average}{meaning})', style='bold', highlight=False,
    )
    for table in result.tables:
        console.print(for_terminal(table))


def _write_tables(output: Path) -> None:
    """Write all results that are there, of earlier runs too, as text."""
    with (output / _TABLES_FILE).open('w') as file:
        console = Console(file=file, width=_FILE_WIDTH)
        for result in results.read_all(output, catalogue.NAMES):
            _show(result, console)


def _write_page(options: Options, console: Console) -> int:
    try:
        names = page.update(page.PAGE, options.output)
    except page.PageError as error:
        print(f'error: {error}', file=sys.stderr)
        return FAILED
    console.print(f'Wrote {", ".join(names)} in {page.PAGE}')
    return 0
