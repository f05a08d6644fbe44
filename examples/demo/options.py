# SPDX-License-Identifier: Apache-2.0
"""Return the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from examples.demo.flight import FlightPlan
from examples.demo.records import View
from nerfstudio_renderer import DEFAULTS
from nerfstudio_renderer_ros.orbit import Orbit

DESCRIPTION = """\
Start the renderer, fly a camera around a scene through ROS topics, check every picture that comes
back, and write contact_sheet.png, flight.gif, summary.json and renderer.log."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    output: Path
    """Folder for the results."""
    view: View
    """Return the pictures."""
    plan: FlightPlan
    """Return the flight."""
    config: str
    """Path of the scene's config.yml; empty for the bundled scene."""
    device: str
    """Where to render."""
    engine: str
    """What renders."""

    @property
    def node_parameters(self) -> dict[str, int | float | str | list[int]]:
        """Return the parameters of the node."""
        return {
            'config': self.config,
            'device': self.device,
            'engine': self.engine,
            'width': self.view.width,
            'height': self.view.height,
            'fov_y_deg': self.view.fov_y_deg,
            'levels': list(self.view.levels),
            # So that a fast engine shows every level too, instead of leaving out the coarse ones.
            'target_latency_ms': 0.0,
        }

    @property
    def described(self) -> dict[str, Any]:
        """All options as values that JSON has."""
        return {'node': self.node_parameters, 'flight': asdict(self.plan)}


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options in ``arguments``, those of the process if None; exits on wrong ones."""
    parser = _parser()
    given = parser.parse_args(arguments)
    orbit = (given.target, given.radius, given.altitude)
    if given.config and None in orbit:
        parser.error('--config needs --target, --radius and --altitude too: where to fly in it')
    return Options(
        output=given.output,
        view=View(given.width, given.height, DEFAULTS.fov_y_deg, DEFAULTS.levels),
        plan=FlightPlan(_orbit(*orbit), given.duration),
        config=given.config,
        device=given.device,
        engine=given.engine,
    )


def _orbit(
    target: Sequence[float] | None, radius: float | None, altitude: float | None
) -> Orbit:
    default = Orbit()
    return Orbit(
        default.target if target is None else tuple(target),
        default.radius if radius is None else radius,
        default.height if altitude is None else altitude,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='python -m examples.demo', description=DESCRIPTION)
    add = parser.add_argument
    add('--output', type=Path, default=Path('demo_output'), metavar='FOLDER',
        help='for the results (default: %(default)s)')
    add('--width', type=_positive(int), default=640,
        help='columns of the finest picture (default: %(default)s)')
    add('--height', type=_positive(int), default=360,
        help='rows of the finest picture (default: %(default)s)')
    add('--duration', type=_positive(float), default=60.0,
        help='seconds of flight (default: %(default)s)')
    add('--device', default='auto', help='auto, cpu, cuda or cuda:N (default: %(default)s)')
    add('--engine', default='auto', help='auto, nerfstudio or fused (default: %(default)s)')
    add = parser.add_argument_group('your own scene').add_argument
    add('--config', default='', help='its config.yml (default: the bundled scene)')
    add('--target', type=float, nargs=3, metavar=('X', 'Y', 'Z'),
        help='what to look at, in the units of the training poses')
    add('--radius', type=_positive(float), help='of the orbit around it')
    add('--altitude', type=float, help='z of the camera')
    return parser


def _positive(kind: type) -> type:
    def convert(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f'{text} is not positive')
        return value

    convert.__name__ = kind.__name__  # argparse names it in its messages
    return convert
