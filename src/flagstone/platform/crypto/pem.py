# SPDX-License-Identifier: EUPL-1.2
"""DER in the textual encoding of RFC 7468: what files of certificates, requests and lists are written in."""

from __future__ import annotations

import base64
import re

PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----")


def der_of(data: bytes) -> bytes:
    """Return the DER of one PEM block, or `data` as it is; ValueError for broken PEM."""
    if b"-----BEGIN" not in data[:200]:
        return data
    found = PEM.search(data)
    if found is None:
        raise ValueError("the PEM is broken")
    return base64.b64decode(b"".join(found.group(2).split()), validate=True)


def all_of_pem(data: bytes) -> tuple[bytes, ...]:
    """Return the DER of every PEM block, in order; ValueError for broken base64."""
    return tuple(
        base64.b64decode(b"".join(one.group(2).split()), validate=True) for one in PEM.finditer(data)
    )


def to_pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    """Return `der` as PEM with lines of 64 characters (RFC 7468)."""
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
