# SPDX-License-Identifier: Apache-2.0
"""The command line: what it refuses, and what it says plainly."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
import re
import socket
import subprocess
import sys

from nerfstudio_renderer import ConfigurationError
from nerfstudio_renderer.server.access_notice import exposure
from nerfstudio_renderer.server.addresses import bind
from nerfstudio_renderer.server.main import main
from nerfstudio_renderer.server.options import parse
import pytest
from support.servers import environment


def test_the_defaults_are_for_programs_on_this_machine():
    options = parse([])
    assert (options.host, options.port, options.scenes, options.tls) == (
        'localhost', 7007, None, None)


@pytest.mark.parametrize(('arguments', 'reason'), [
    (['--port', '65536'], "'65536' is not between 0 and 65535"),
    (['--port', '-1'], "'-1' is not between 0 and 65535"),
    (['--port', 'x'], "'x' is not between"),
    (['--service', 'restricted'], '--scenes FOLDER belong together'),
    (['--scenes', '/tmp'], '--service restricted and --scenes'),
    (['--service', 'restricted', '--scenes', '/no/such'], "--scenes '/no/such' is no folder"),
    (['--tls-cert', __file__], '--tls-key is missing: --tls-cert, --tls-key, --tls-ca belong'),
    (['--tls-cert', '/no/such', '--tls-key', __file__, '--tls-ca', __file__],
     "--tls-cert '/no/such' does not exist"),
    (['--service', 'none'], "invalid choice: 'none'"),
    (['--log-level', 'loud'], "invalid choice: 'loud'"),
    (['--no-such-option'], 'unrecognized arguments'),
])
def test_wrong_options_are_one_line_and_status_2(capsys, arguments, reason):
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    assert captured.err.startswith('error: ')
    assert captured.err.count('\n') == 1
    assert reason in captured.err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as caught:
        parse(['--help'])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for option in ('--host', '--port', '--service', '--scenes', '--tls-cert', '--tls-key',
                   '--tls-ca', '--log-level'):
        assert option in text


@pytest.mark.parametrize(('arguments', 'reason'), [
    (['--host', '192.0.2.1'], 'cannot listen on 192.0.2.1:7007: Cannot assign'),
    (['--host', 'x' * 64], "host 'x+' is no address of this machine"),
    (['--tls-cert', __file__, '--tls-key', __file__, '--tls-ca', __file__],
     'TLS certificate .* cannot be used'),
])
def test_what_cannot_be_used_is_one_line_and_status_1(arguments, reason):
    done = subprocess.run(
        [sys.executable, '-m', 'nerfstudio_renderer.server', *arguments], env=environment(),
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ''
    lines = [line for line in done.stderr.splitlines() if ' INFO: ' not in line]
    assert len(lines) == 1
    assert lines[0].startswith('error: ')
    assert re.search(reason, lines[0])


@pytest.fixture
def quiet_main(monkeypatch):
    """Return ``main`` without what would change this process for good."""
    module = 'nerfstudio_renderer.server.main'
    monkeypatch.setattr(f'{module}.exit_quickly', lambda: None)
    monkeypatch.setattr(f'{module}._on_signal', lambda handler: None)
    monkeypatch.setattr(logging, 'basicConfig', lambda **options: None)
    return main


def test_without_rpyc_it_is_one_line(quiet_main, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    assert quiet_main([]) == 1
    assert capsys.readouterr().err == 'error: rpyc is not installed: pip install rpyc\n'


def _said(arguments: list[str], host: str) -> tuple[int, str]:
    sockets = bind(host, 0)
    try:
        return exposure(parse(arguments), sockets)
    finally:
        for each in sockets:
            each.close()


TLS = ['--tls-cert', __file__, '--tls-key', __file__, '--tls-ca', __file__]
SCENES = str(Path(__file__).parent)
RESTRICTED = ['--service', 'restricted', '--scenes', SCENES]


@pytest.mark.parametrize(('arguments', 'host', 'level', 'expected'), [
    ([], 'localhost', logging.INFO,
     'every program on this machine, but none elsewhere, can run any code here, with all rights'),
    ([], '0.0.0.0', logging.WARNING,
     'EVERYONE in the networks of this machine can run any code here, with all rights of the'),
    ([], '::', logging.WARNING, 'EVERYONE in the networks'),
    (TLS, '0.0.0.0', logging.INFO, f'whoever has a certificate signed by {__file__} can run any'),
    (RESTRICTED, '0.0.0.0', logging.INFO,
     f'EVERYONE in the networks of this machine can render the scenes in {SCENES}, and nothing'),
    (RESTRICTED, '127.0.0.1', logging.INFO, 'every program on this machine'),
])
def test_what_the_addresses_mean_is_said_in_one_line(arguments, host, level, expected):
    said_level, text = _said(arguments, host)
    assert said_level == level
    assert text.startswith(expected)
    assert '\n' not in text
    assert ('--tls-cert' in text) == (level == logging.WARNING)


def test_a_free_port_is_the_same_at_both_addresses():
    sockets = bind('localhost', 0)
    assert [each.getsockname()[0] for each in sockets] == ['127.0.0.1', '::1']
    assert len({each.getsockname()[1] for each in sockets}) == 1
    for each in sockets:
        each.close()


def test_a_machine_without_ipv6_has_one_loopback_address(monkeypatch):
    new_socket = socket.socket

    def without_ipv6(family: int = socket.AF_INET, *arguments: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, 'Address family not supported by protocol')
        return new_socket(family, *arguments)

    monkeypatch.setattr('nerfstudio_renderer.server.addresses.socket.socket', without_ipv6)
    (only,) = bind('localhost', 0)
    assert only.getsockname()[0] == '127.0.0.1'
    only.close()
    with pytest.raises(ConfigurationError, match='Address family not supported'):
        bind('::1', 0)
