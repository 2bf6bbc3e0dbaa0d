# SPDX-License-Identifier: EUPL-1.2
"""The TLS of the door for information systems: it asks for certificates, which are compared later."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from flagstone.kernel.errors import SettingsFault

log = structlog.get_logger("flagstone.exchange")
Registered = Callable[[], Iterable[bytes]]


def client_door_tls(certificate: Path, key: Path, registered: Registered) -> ssl.SSLContext:
    """Return the context of a door with this certificate and key (PEM files), TLS 1.2 and later.

    A client need not show a certificate. One that it shows must be among `registered` (DER), which are asked
    for at each handshake, and not have ended, or the handshake fails; whether it is that client's own, and
    still is, is decided for each message. SettingsFault when the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        why = f"{certificate} and {key} are no certificate with its key, both PEM without a password"
        raise SettingsFault(f"exchange.client_tls_certificate, exchange.client_tls_key: {why}") from error
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.sni_callback = _Admitting(registered)
    return context


class _Admitting:
    """Has a context take the certificates registered by now, before a handshake looks at any."""

    def __init__(self, registered: Registered) -> None:
        self._registered = registered
        self._known: set[bytes] = set()

    def __call__(self, _tls: ssl.SSLObject, _name: str | None, context: ssl.SSLContext) -> None:
        """Add what is new; what is no certificate is passed over and told of once."""
        for certificate in self._registered():
            if certificate in self._known:
                continue
            self._known.add(certificate)
            try:
                context.load_verify_locations(cadata=certificate)
            except (ssl.SSLError, ValueError):
                sha256 = hashlib.sha256(certificate).hexdigest()[:16]
                log.warning("registered certificate cannot be read", sha256=sha256)


def _no_password() -> str:
    """Refuse a key that is sealed rather than ask at the terminal."""
    raise ValueError("the key has a password")
