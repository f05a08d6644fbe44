# SPDX-License-Identifier: Apache-2.0
"""TLS with certificates on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import ssl

from nerfstudio_renderer.errors import ConfigurationError


@dataclass(frozen=True)
class TlsFiles:
    """PEM files."""

    certificate: Path
    """The server's, with those between it and its CA."""
    key: Path
    """The private key of ``certificate``, not encrypted."""
    authority: Path
    """Certificates of the authorities that sign clients."""

    def context(self) -> ssl.SSLContext:
        """
        Return the context of a server that only admits clients with a certificate.

        :raises ConfigurationError: if a file cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            # Without a password of ours, OpenSSL would ask the terminal for one.
            context.load_cert_chain(self.certificate, self.key, password='')
        except OSError as error:
            raise ConfigurationError(f'TLS certificate {str(self.certificate)!r} with key '
                                     f'{str(self.key)!r} cannot be used: {_why(error)}') from error
        try:
            context.load_verify_locations(self.authority)
        except OSError as error:
            raise ConfigurationError(f'TLS authority {str(self.authority)!r} cannot be used: '
                                     f'{_why(error)}') from error
        return context


def _why(error: OSError) -> str:
    reason = getattr(error, 'reason', None) or error.strerror or str(error)
    if isinstance(error, ssl.SSLError) and error.reason is None:
        return 'it is not PEM, or encrypted'
    return reason.lower().replace('_', ' ')
