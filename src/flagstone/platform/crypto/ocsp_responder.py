# SPDX-License-Identifier: EUPL-1.2
"""The answering side of certificate status: reads requests, signs answers (RFC 6960 sections 4.1 and 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from flagstone.platform.crypto import der, identifiers
from flagstone.platform.crypto.certificates import Certificate
from flagstone.platform.crypto.der import Element
from flagstone.platform.crypto.digests import Digest, DigestRefused, digest_of
from flagstone.platform.crypto.ocsp import CertId, OcspUnreadable
from flagstone.platform.crypto.signing import Algorithm, PrivateKey

REQUEST_BYTES_MAX = 16_384
ENTRIES_MAX = 32
NONCE_BYTES_MAX = 128
"""RFC 9654 section 2.1."""

NONCE_OID = "1.3.6.1.5.5.7.48.1.2"
_BASIC_OID = "1.3.6.1.5.5.7.48.1.1"
_ERRORS = {
    "malformed_request": 1,
    "internal_error": 2,
    "try_later": 3,
    "sig_required": 5,
    "unauthorized": 6,
}
REASONS = {
    "unspecified": 0,
    "keyCompromise": 1,
    "cACompromise": 2,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    "certificateHold": 6,
    "privilegeWithdrawn": 9,
    "aACompromise": 10,
}
"""Why a certificate was revoked (RFC 5280 section 5.3.1)."""


@dataclass(frozen=True)
class OcspRequest:
    """A request as it was read: whose status is asked, and the nonce to give back, if there is one."""

    entries: tuple[CertId, ...]
    nonce: bytes | None = None


@dataclass(frozen=True)
class Good:
    """The certificate was issued and is not revoked."""


@dataclass(frozen=True)
class Revoked:
    """The certificate was revoked or suspended; `reason` is a key of REASONS, or empty when none is said."""

    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Unknown:
    """The responder has no record of the certificate."""


Status: TypeAlias = Good | Revoked | Unknown


@dataclass(frozen=True)
class Responder:
    """Who signs answers: its key and certificate, and the certificates sent along when it is a delegate."""

    key: PrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...] = ()
    algorithm: Algorithm | None = None


def read_request(request: bytes) -> OcspRequest:
    """Return what an `application/ocsp-request` asks; its signature, if any, is not looked at.

    Raises OcspUnreadable for malformed requests, over 16 KiB, over 32 certificates or an oversized nonce.
    """
    try:
        body = der.read(request, bytes_max=REQUEST_BYTES_MAX).of(der.SEQUENCE).children()[0]
        parts = {each.tag: each for each in body.of(der.SEQUENCE).children()}
        entries = tuple(_entry(each) for each in parts[der.SEQUENCE].children())
        nonce = _nonce(parts[0xA2]) if 0xA2 in parts else None
    except (der.DerRefused, DigestRefused) as error:
        raise OcspUnreadable(error.detail) from error
    except (KeyError, IndexError, ValueError) as error:
        raise OcspUnreadable("a part of the request is missing") from error
    if not 0 < len(entries) <= ENTRIES_MAX:
        raise OcspUnreadable(f"{len(entries)} certificates are asked about; 1 to {ENTRIES_MAX} are answered")
    return OcspRequest(entries, nonce)


def answer(
    request: bytes,
    status_of: Callable[[CertId], Status | None],
    responder: Responder,
    *,
    now: datetime,
    next_update: datetime | None,
) -> bytes:
    """Return the `application/ocsp-response` to a request, signed; an unreadable request gets its error.

    `status_of` returns None for certificates of an authority that this responder does not answer for; then
    the whole request is `unauthorized`. PrivateKeyUnusable comes from the key; answer `error("try_later")`.
    """
    try:
        asked = read_request(request)
    except OcspUnreadable:
        return error("malformed_request")
    singles = []
    for entry in asked.entries:
        status = status_of(entry)
        if status is None:
            return error("unauthorized")
        singles.append(_single(entry, status, now, next_update))
    data = der.sequence(
        der.explicit(2, der.octets(digest_of(responder.certificate.key_bits, Digest.SHA1))),
        der.time(now),
        der.sequence(*singles),
        *_extensions(asked.nonce),
    )
    return _successful(data, responder)


def error(status: str) -> bytes:
    """Return an unsigned error: `malformed_request`, `internal_error`, `try_later` or `unauthorized`."""
    return der.sequence(der.integer(_ERRORS[status], der.ENUMERATED))


def _entry(request: Element) -> CertId:
    """Return the certificate that one entry of a request names."""
    digest, name, key, serial = request.of(der.SEQUENCE).children()[0].of(der.SEQUENCE).children()
    return CertId(
        identifiers.read_digest(digest),
        name.of(der.OCTET_STRING).body,
        key.of(der.OCTET_STRING).body,
        serial.integer(),
    )


def _nonce(wrapped: Element) -> bytes | None:
    """Return the value of the nonce extension as it came; OcspUnreadable when it is empty or too long."""
    for extension in wrapped.children()[0].of(der.SEQUENCE).children():
        name, *_, value = extension.of(der.SEQUENCE).children()
        if name.oid() == NONCE_OID:
            nonce = value.of(der.OCTET_STRING).body
            if not 0 < len(nonce) <= NONCE_BYTES_MAX + 4:
                raise OcspUnreadable(f"the nonce has {len(nonce)} bytes")
            return nonce
    return None


def _single(entry: CertId, status: Status, now: datetime, next_update: datetime | None) -> bytes:
    """Return one SingleResponse."""
    later = () if next_update is None else (der.explicit(0, der.time(next_update)),)
    return der.sequence(entry.der(), _state(status), der.time(now), *later)


def _state(status: Status) -> bytes:
    """Return a CertStatus, whose choices are tagged implicitly."""
    if isinstance(status, Good):
        return der.tlv(0x80, b"")
    if isinstance(status, Unknown):
        return der.tlv(0x82, b"")
    reason = REASONS.get(status.reason)
    told = b"" if reason is None else der.explicit(0, der.integer(reason, der.ENUMERATED))
    return der.tlv(0xA1, der.time(status.at) + told)


def _extensions(nonce: bytes | None) -> tuple[bytes, ...]:
    """Return the extensions of an answer: the nonce given back, or nothing."""
    if nonce is None:
        return ()
    return (der.explicit(1, der.sequence(der.sequence(der.oid(NONCE_OID), der.octets(nonce)))),)


def _successful(data: bytes, responder: Responder) -> bytes:
    """Return a successful OCSPResponse around the signed data."""
    algorithm = responder.algorithm or responder.key.algorithm
    sent = (responder.certificate, *responder.chain)
    basic = der.sequence(
        data,
        identifiers.signature_identifier(algorithm),
        der.bits(responder.key.sign(data, algorithm)),
        der.explicit(0, der.sequence(*(each.der for each in sent))),
    )
    wrapped = der.sequence(der.oid(_BASIC_OID), der.octets(basic))
    return der.sequence(der.integer(0, der.ENUMERATED), der.explicit(0, wrapped))
