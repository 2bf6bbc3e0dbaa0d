# SPDX-License-Identifier: EUPL-1.2
"""Secret fields at rest: AES-256-GCM (NIST SP 800-38D) under a key derived for the context (RFC 5869).

Sealed bytes are: one version byte, 8 bytes of the key's id, a random nonce of 96 bits, and the
ciphertext with its tag of 128 bits. The context (such as register, field and record) is bound in:
bytes moved to another place do not open there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto.canonical import encode
from flagstone.platform.crypto.keys import SecretKey

VERSION = b"\x01"
KEY_ID_BYTES = 8
NONCE_BYTES = 12
OVERHEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + 16
PLAINTEXT_BYTES_MAX = 1 << 24


class SealBroken(Fault):
    """Sealed bytes were changed, moved, cut, or belong to a key that is not at hand."""

    code = "crypto.seal-broken"
    kind = Kind.INTERNAL
    title = "A protected value cannot be read"
    remedy = "Tell the operator the request number; the value was changed or its key is missing."


class SealTooLarge(Fault):
    """A value is too large to be sealed in one piece."""

    code = "crypto.seal-too-large"
    kind = Kind.TOO_LARGE
    title = "The value is too large to be protected in one piece"
    remedy = f"Keep protected values under {PLAINTEXT_BYTES_MAX} bytes."


def seal(key: SecretKey, plaintext: bytes, context: Sequence[str]) -> bytes:
    """Return `plaintext` encrypted for `context`, 37 bytes longer; SealTooLarge over 16 MiB."""
    if len(plaintext) > PLAINTEXT_BYTES_MAX:
        raise SealTooLarge
    bound = _bound(tuple(context))
    nonce = secrets.token_bytes(NONCE_BYTES)
    prefix = VERSION + _key_prefix(key.id)
    cipher = _cipher(derive(key, "seal", bound))
    return prefix + nonce + cipher.encrypt(nonce, plaintext, prefix + bound)


def unseal(keys: Sequence[SecretKey], sealed: bytes, context: Sequence[str]) -> bytes:
    """Return what `seal` was given, by whichever of `keys` sealed it; SealBroken otherwise."""
    prefix, nonce, body = sealed[: 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES :][:NONCE_BYTES], sealed[21:]
    if len(sealed) < OVERHEAD_BYTES or prefix[:1] != VERSION:
        raise SealBroken("not sealed bytes")
    bound = _bound(tuple(context))
    for key in keys:
        if _key_prefix(key.id) == prefix[1:]:
            try:
                return _cipher(derive(key, "seal", bound)).decrypt(nonce, body, prefix + bound)
            except InvalidTag as error:
                raise SealBroken("the seal does not fit its place or was changed") from error
    raise SealBroken("the key that sealed the value is not at hand")


def blind_index(key: SecretKey, value: str, context: Sequence[str]) -> str:
    """Return a hex digest by which equal secret values of one context are found: HMAC-SHA256."""
    return hmac.new(derive(key, "index", _bound(tuple(context))), value.encode(), hashlib.sha256).hexdigest()


def derive(key: SecretKey, use: str, context: bytes) -> bytes:
    """Return the 32-byte key for one use and context (HKDF-SHA256)."""
    return _derived(key.octets, b"flagstone " + use.encode() + b"\x00" + context)


@lru_cache(maxsize=64)
def _derived(octets: bytes, info: bytes) -> bytes:
    """Return a derived key; the few contexts that seal many values find theirs again."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(octets)


@lru_cache(maxsize=64)
def _cipher(octets: bytes) -> AESGCM:
    """Return the cipher of a derived key, made ready once."""
    return AESGCM(octets)


@lru_cache(maxsize=256)
def _bound(context: tuple[str, ...]) -> bytes:
    """Return the one encoding of a context; text is taken apart unambiguously."""
    return encode(list(context))


@lru_cache(maxsize=64)
def _key_prefix(key_id: str) -> bytes:
    """Return the 8 bytes by which sealed bytes name their key."""
    return hashlib.sha256(key_id.encode()).digest()[:KEY_ID_BYTES]
