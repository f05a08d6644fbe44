# SPDX-License-Identifier: Apache-2.0
"""What the demo decides before its flight: options, plan, ROS domain."""

from __future__ import annotations

from pathlib import Path
import socket

from examples.demo import network
from examples.demo.flight import FlightPlan
from examples.demo.options import parse
from examples.demo.records import PoseKind
from nerfstudio_renderer_ros.orbit import Orbit
import pytest


def test_the_defaults_are_for_the_bundled_scene():
    options = parse([])
    assert options.node_parameters['config'] == ''
    assert options.node_parameters['levels'] == [16, 8, 4, 2, 1]
    assert options.plan == FlightPlan(Orbit(), duration_s=60.0)
    assert options.output == Path('demo_output')


def test_another_scene_needs_an_orbit(capsys):
    with pytest.raises(SystemExit):
        parse(['--config', 'config.yml'])
    assert '--target' in capsys.readouterr().err
    options = parse(['--config', 'config.yml', '--target', '1', '2', '-3', '--radius', '4',
                     '--altitude', '0'])
    assert options.node_parameters['config'] == 'config.yml'
    assert options.plan.orbit == Orbit((1.0, 2.0, -3.0), 4.0, 0.0)


@pytest.mark.parametrize('arguments', [['--width', '0'], ['--duration', 'nan'], ['--height', 'x']])
def test_impossible_options_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        parse(arguments)
    assert arguments[0] in capsys.readouterr().err


def test_legs_follow_each_other_without_a_gap():
    plan = FlightPlan(Orbit((0.0, 0.0, 0.0), 1.0, 0.0), duration_s=60.0)
    first, second = list(plan.leg(0)), list(plan.leg(1))
    assert len(first) == len(second) == plan.leg_s * plan.rate_hz
    assert [kind for _, kind in first[1:]] == [kind for _, kind in second[1:]]
    assert first[0][1] is PoseKind.MOVING  # no rest was before
    assert second[0][1] is PoseKind.DEPARTURE
    assert second[-1][1] is PoseKind.ARRIVAL
    steps = [_distance(one, other) for (one, _), (other, _) in _pairs([*first, *second])]
    assert max(steps) == pytest.approx(min(steps))


def _pairs(items: list) -> list[tuple]:
    return list(zip(items, items[1:], strict=False))


def _distance(one, other) -> float:
    x, y = one.position.x - other.position.x, one.position.y - other.position.y
    return (x * x + y * y) ** 0.5


def test_a_short_flight_has_short_legs_and_a_long_one_many():
    assert FlightPlan(duration_s=6.0).leg_s == 1.5
    plan = FlightPlan(duration_s=60.0)
    assert plan.has_time_for_leg(elapsed_s=40.0, rest_s=17.0)
    assert not plan.has_time_for_leg(elapsed_s=40.0, rest_s=17.1)


def test_what_the_user_has_set_about_the_network_stays():
    variables = {'ROS_DOMAIN_ID': '7', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    assert network.isolate(variables) == 7
    assert variables['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'SUBNET'


@pytest.mark.parametrize(('distribution', 'local_only'), [('humble', '1'), ('kilted', None)])
def test_ros_stays_on_this_machine(distribution, local_only):
    variables = {'ROS_DISTRO': distribution}
    assert int(variables.setdefault('ROS_DOMAIN_ID', str(network.isolate(variables)))) > 0
    assert variables['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert variables.get('ROS_LOCALHOST_ONLY') == local_only


def test_a_domain_in_use_is_avoided():
    domain = network.free_domain()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(('', 7400 + 250 * domain + 10))
        assert network.free_domain() != domain
