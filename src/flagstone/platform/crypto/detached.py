# SPDX-License-Identifier: EUPL-1.2
"""Signatures beside what they sign: compact JWS with the payload left out (RFC 7515 appendix F).

Whoever puts base64url of the payload back between the two dots has a plain JWS that any library verifies.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from flagstone.platform.crypto.jose import TokenRefused
from flagstone.platform.crypto.keys import PublicKey, SigningKey

ALGORITHM = "ES256"
_HALF = 32
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,1024}", re.ASCII)
_ECDSA = ec.ECDSA(SHA256())


@dataclass(frozen=True)
class _Header:
    key_id: str
    type: str


def sign_detached(key: SigningKey, content: bytes, *, type: str) -> str:  # noqa: A002
    """Return the JWS `header..signature` of `content` by a P-256 key, with `kid` and `typ` in the header."""
    if key.algorithm != ALGORITHM:
        raise ValueError("the key is not on P-256")
    header = json.dumps({"alg": ALGORITHM, "kid": key.id, "typ": type}, separators=(",", ":"))
    head = _encoded(header.encode())
    private = key.jose.raw_value
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    made = private.sign(_input(head, content), _ECDSA)
    raw = b"".join(part.to_bytes(_HALF, "big") for part in decode_dss_signature(made))
    return f"{head}..{_encoded(raw)}"


def verify_detached(token: str, content: bytes, keys: Collection[PublicKey], *, type: str) -> str:  # noqa: A002
    """Return the id of the one of `keys` that signed exactly `content`; TokenRefused.

    A token has one form: base64url without spare bits, and a header as `sign_detached` writes it.
    """
    head, dots, tail = token.partition("..")
    if not dots or not _SEGMENT.fullmatch(tail):
        raise TokenRefused("not a signature in detached form")
    header = _header(head)
    if header.type != type:
        raise TokenRefused("the token is of another type")
    key = next((each for each in keys if each.id == header.key_id), None)
    if key is None or ALGORITHM not in key.algorithms:
        raise TokenRefused("no known key fits the token")
    raw = _decoded(tail)
    if len(raw) != 2 * _HALF:
        raise TokenRefused("the signature has another length")
    made = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
    try:
        _public(key).verify(made, _input(head, content), _ECDSA)
    except InvalidSignature:
        raise TokenRefused("the signature does not hold") from None
    return key.id


def attached(token: str, content: bytes) -> str:
    """Return the plain compact JWS (RFC 7515 section 7.1): the token with its payload put back."""
    head, _dots, tail = token.partition("..")
    return f"{head}.{_encoded(content)}.{tail}"


@lru_cache(maxsize=64)
def _header(head: str) -> _Header:
    """Return what a header says; TokenRefused for any other than ours, byte for byte."""
    if not _SEGMENT.fullmatch(head):
        raise TokenRefused("not a signature in detached form")
    try:
        said = json.loads(_decoded(head))
        found = _Header(str(said["kid"]), str(said["typ"]))
        same = json.dumps(
            {"alg": ALGORITHM, "kid": found.key_id, "typ": found.type}, separators=(",", ":")
        ).encode() == _decoded(head)
    except (ValueError, KeyError, TypeError) as error:
        raise TokenRefused("the token's header cannot be read") from error
    if not same:
        raise TokenRefused("the token's header is of another form")
    return found


def _public(key: PublicKey) -> ec.EllipticCurvePublicKey:
    found = key.jose.raw_value
    if isinstance(found, ec.EllipticCurvePrivateKey):
        found = found.public_key()
    assert isinstance(found, ec.EllipticCurvePublicKey)
    return found


def _input(head: str, content: bytes) -> bytes:
    return head.encode() + b"." + base64.urlsafe_b64encode(content).rstrip(b"=")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Return the bytes of a base64url text; TokenRefused unless it is their only encoding."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise TokenRefused("a part of the token is not base64url") from error
    if _encoded(data) != text:
        raise TokenRefused("a part of the token is not canonical base64url")
    return data
