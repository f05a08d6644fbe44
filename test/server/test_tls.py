# SPDX-License-Identifier: Apache-2.0
"""With TLS, only clients with a certificate of the right authority get in."""

from __future__ import annotations

from pathlib import Path
import socket
import ssl
import subprocess
import time

from nerfstudio_renderer import ConfigurationError
from nerfstudio_renderer.server.tls import TlsFiles
import numpy as np
import pytest
import rpyc
from support.certificates import Authority, Signed
from support.documents import blocks, python_blocks
from support.servers import serving


@pytest.fixture(scope='module')
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return the authority of the server and of its clients."""
    return Authority(tmp_path_factory.mktemp('tls'))


@pytest.fixture(scope='module')
def known(authority: Authority) -> Signed:
    """Return the certificate of a client that may come in."""
    return authority.sign('client')


@pytest.fixture(scope='module')
def port(authority: Authority):
    """Return the port of a server with a certificate."""
    server = authority.sign('server')
    files = TlsFiles(server.certificate, server.key, authority.certificate)
    with serving(tls=files.context()) as port:
        yield port


def _connect(port: int, authority: Authority, client: Signed) -> rpyc.Connection:
    return rpyc.classic.ssl_connect(
        'localhost', port, keyfile=str(client.key), certfile=str(client.certificate),
        ca_certs=str(authority.certificate),
    )


def test_a_client_with_a_certificate_works_as_without_tls(port, authority, known):
    with _connect(port, authority, known) as client:
        client.execute('import numpy as np; image = np.random.default_rng(0).random((720, 1280))')
        image = client.eval('image')
        np.testing.assert_array_equal(image, np.random.default_rng(0).random((720, 1280)))
        add = client.eval('lambda first, second: [*map(sum, zip(first, second))]')
        for step in range(50):
            assert list(add([1, 2], [step, 0])) == [1 + step, 2]


def test_the_documented_commands_make_such_certificates(tmp_path):
    (commands,) = blocks('bash', 'openssl')
    subprocess.run(['bash', '-ec', commands], cwd=tmp_path, check=True, capture_output=True)
    server = TlsFiles(tmp_path / 'server.pem', tmp_path / 'server.key', tmp_path / 'ca.pem')
    (client,) = python_blocks('ssl_connect(')
    with serving(tls=server.context()) as port:
        names = {}
        for name in ('client.key', 'client.pem', 'ca.pem'):
            client = client.replace(f"'{name}'", repr(str(tmp_path / name)))
        exec(client.replace("'renderer', 7007", f"'localhost', {port}"), names)
        assert names['conn'].eval('1') == 1
        names['conn'].close()
        # A client's certificate does not make a server.
        pretender = TlsFiles(tmp_path / 'client.pem', tmp_path / 'client.key', tmp_path / 'ca.pem')
    with serving(tls=pretender.context()) as port, pytest.raises(ssl.SSLCertVerificationError):
        exec(client.replace("'renderer', 7007", f"'localhost', {port}"), {})


def test_the_servers_certificate_can_be_checked(port, authority, tmp_path, known):
    with pytest.raises(ssl.SSLCertVerificationError):
        _connect(port, Authority(tmp_path / 'other'), known)


def test_a_client_without_a_certificate_is_refused(port, authority):
    with pytest.raises((EOFError, OSError)):
        rpyc.classic.ssl_connect('localhost', port, ca_certs=str(authority.certificate))


def test_a_client_of_another_authority_is_refused(port, authority, tmp_path):
    stranger = Authority(tmp_path / 'strange').sign('client')
    with pytest.raises((EOFError, OSError)):
        _connect(port, authority, stranger)


def test_a_client_without_tls_is_refused(port):
    with pytest.raises((EOFError, OSError)):
        rpyc.classic.connect('localhost', port=port)


def test_old_versions_of_tls_are_refused(port, authority, known):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.certificate)
    context.load_cert_chain(known.certificate, known.key)
    context.set_ciphers('ALL:@SECLEVEL=0')
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        pytest.raises(ssl.SSLError, match='PROTOCOL_VERSION'),
        socket.create_connection(('localhost', port)) as sock,
    ):
        context.wrap_socket(sock, server_hostname='localhost')


def test_clients_in_the_middle_of_a_handshake_hold_nobody_up(port, authority, known):
    silent = [socket.create_connection(('localhost', port)) for _ in range(20)]
    silent[0].sendall(b'\x16\x03\x01\x02\x00')  # a handshake's beginning
    started = time.monotonic()
    with _connect(port, authority, known) as client:
        assert client.eval('1') == 1
    assert time.monotonic() - started < 5.0
    for each in silent:
        each.close()


@pytest.mark.parametrize(('broken', 'reason'), [
    ('certificate', 'certificate .* with key .* cannot be used'),
    ('key', 'certificate .* with key .* cannot be used'),
    ('authority', 'authority .* cannot be used'),
])
def test_a_file_that_is_no_pem_is_refused(authority, known, tmp_path, broken, reason):
    (garbage := tmp_path / 'garbage.pem').write_text('garbage')
    files = {'certificate': known.certificate, 'key': known.key,
             'authority': authority.certificate}
    with pytest.raises(ConfigurationError, match=reason):
        TlsFiles(**{**files, broken: garbage}).context()


def test_the_key_must_be_the_certificates(authority, known):
    other = authority.sign('other')
    with pytest.raises(ConfigurationError, match='key values mismatch'):
        TlsFiles(known.certificate, other.key, authority.certificate).context()


def test_an_encrypted_key_is_refused_without_asking_for_a_password(authority):
    locked = authority.sign('locked', password=b'secret')
    with pytest.raises(ConfigurationError, match='cannot be used'):
        TlsFiles(locked.certificate, locked.key, authority.certificate).context()


def test_a_file_that_cannot_be_read_is_refused(authority, known):
    with pytest.raises(ConfigurationError, match='no such file'):
        TlsFiles(known.certificate, Path('/no/such/key'), authority.certificate).context()
