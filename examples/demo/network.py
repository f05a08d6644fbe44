# SPDX-License-Identifier: Apache-2.0
"""Keeps the demo's ROS traffic apart from everything else."""

from __future__ import annotations

from collections.abc import MutableMapping
import os
import socket

# DDS derives its ports from the domain: those of the first participant on a machine are these.
# https://docs.ros.org/en/rolling/Concepts/Intermediate/About-Domain-ID.html
_FIRST_PORT = 7400
_PORTS_PER_DOMAIN = 250
_UNICAST_OFFSETS = (10, 11)
# Beyond 101 the ports may be among those that Linux hands out to anyone.
_DOMAINS = range(1, 102)


def isolate(variables: MutableMapping[str, str]) -> int:
    """
    Set what keeps ROS on this machine and in a domain of its own; what is set already stays.

    :param variables: the environment, before anything of ROS is started.
    :returns: the domain.
    """
    variables.setdefault('ROS_DOMAIN_ID', str(free_domain()))
    if variables.get('ROS_DISTRO') == 'humble':  # which does not know the other one
        variables.setdefault('ROS_LOCALHOST_ONLY', '1')
    variables.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return int(variables['ROS_DOMAIN_ID'])


def free_domain() -> int:
    """Return a domain in which nobody on this machine takes part; differs between processes."""
    start = os.getpid() % len(_DOMAINS)
    for domain in (*_DOMAINS[start:], *_DOMAINS[:start]):
        first = _FIRST_PORT + _PORTS_PER_DOMAIN * domain
        if all(_is_free(first + offset) for offset in _UNICAST_OFFSETS):
            return domain
    return _DOMAINS[start]  # sharing a domain is better than not flying


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True
