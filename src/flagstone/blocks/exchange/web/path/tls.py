# SPDX-License-Identifier: EUPL-1.2
"""The TLS of the door for information systems: it asks for certificates, which are compared later."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path


def client_door_tls(certificate: Path, key: Path, registered: Iterable[bytes]) -> ssl.SSLContext:
    """Return the context of a door with this certificate and key (PEM files), TLS 1.2 and later.

    A client need not show a certificate. One that it shows must be among `registered` (DER) and not have
    ended, or the handshake fails; whether it is that client's own is decided for each message.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    admit(context, registered)
    return context


def admit(context: ssl.SSLContext, registered: Iterable[bytes]) -> None:
    """Have `context` take these certificates, too, on connections made from now on."""
    whole = b"".join(registered)
    if whole:
        context.load_verify_locations(cadata=whole)
