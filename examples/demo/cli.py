# SPDX-License-Identifier: Apache-2.0
"""From the command line to the results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
import os
import sys
import time

from examples.demo import guarantees, pictures, report
from examples.demo.client import DemoClient, RendererSilent
from examples.demo.figures import figures
from examples.demo.film import Film
from examples.demo.flight import Pilot
from examples.demo.network import isolate
from examples.demo.options import Options, parse
from examples.demo.process import (
    clean_up_when_asked_to_end,
    log_tail,
    RendererProcess,
    RendererStopped,
)
from examples.demo.progress import FlightProgress
from examples.demo.recorder import Recorder
from examples.demo.records import Recording
from rich.console import Console

# Importing PyTorch and nerfstudio from a cold, slow disk takes minutes.
_START_LIMIT_S = 300.0
_LOG = 'renderer.log'

BROKEN, FAILED, INTERRUPTED = 1, 2, 130
"""Exit statuses: a promise was broken; there was no flight; Ctrl-C."""


@dataclass(frozen=True)
class Flight:
    """A finished flight."""

    recording: Recording
    film: Film
    seconds: dict[str, float]
    """How long each part took."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return the exit status of the process."""
    options = parse(arguments)
    console = Console()
    clean_up_when_asked_to_end()
    try:
        flight = _fly(options, console)
        return _report(options, flight, console)
    except (RendererStopped, RendererSilent) as error:
        print(f'error: {error}', log_tail(options.output / _LOG), sep='\n', file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return INTERRUPTED


def _fly(options: Options, console: Console) -> Flight:
    isolate(os.environ)
    recorder, film = Recorder(), Film()
    began_s = time.monotonic()
    with (
        FlightProgress(console, options.plan.duration_s) as progress,
        RendererProcess(options.node_parameters, options.output / _LOG) as renderer,
        DemoClient(recorder, film) as client,
    ):
        progress.activity('loading the scene')
        client.wait_for_renderer(renderer.check, _START_LIMIT_S)
        ready_s = time.monotonic()
        Pilot(options.plan, client, recorder, film, renderer.check, progress.flying).fly()
        ended_s = time.monotonic()
        progress.activity('stopping the renderer')
    return Flight(
        recorder.recording(options.view), film,
        {'start': ready_s - began_s, 'flight': ended_s - ready_s},
    )


def _report(options: Options, flight: Flight, console: Console) -> int:
    with FlightProgress(console, options.plan.duration_s) as progress:
        progress.activity('writing the pictures')
        began_s = time.monotonic()
        pictures.write_contact_sheet(
            options.output / 'contact_sheet.png', flight.recording, flight.film
        )
        pictures.write_animation(options.output / 'flight.gif', flight.recording, flight.film)
        seconds = {**flight.seconds, 'pictures': time.monotonic() - began_s}
    numbers = figures(flight.recording)
    violations = guarantees.violations(flight.recording)
    summary = report.summary(numbers, violations, options.described, seconds)
    (options.output / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n')
    report.print_report(console, numbers, violations)
    console.print(f'Wrote {options.output}/contact_sheet.png, flight.gif and summary.json')
    return BROKEN if violations else 0
