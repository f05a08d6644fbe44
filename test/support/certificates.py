# SPDX-License-Identifier: Apache-2.0
"""Certificates of an authority of the tests' own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Signed:
    """A certificate and its key, as PEM files."""

    certificate: Path
    """The certificate."""
    key: Path
    """Its private key."""


class Authority:
    """
    Signs certificates.

    :param folder: for the files; made if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(f'authority {folder.name}')
        extension = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = folder / 'ca.pem'
        _write(self.certificate, _build(self._name, self._key, self._name, self._key, extension))

    def sign(self, name: str, password: bytes | None = None) -> Signed:
        """Return a new certificate for ``name``, at localhost; its key encrypted if asked for."""
        key = ec.generate_private_key(ec.SECP256R1())
        places = x509.SubjectAlternativeName([
            x509.DNSName('localhost'), x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
        ])
        signed = Signed(self._folder / f'{name}.pem', self._folder / f'{name}.key')
        _write(signed.certificate, _build(_name(name), key, self._name, self._key, places))
        signed.key.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password) if password
            else serialization.NoEncryption(),
        ))
        return signed


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _build(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(extension, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
