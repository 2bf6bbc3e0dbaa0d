# SPDX-License-Identifier: EUPL-1.2
"""The provider's keys: signing rings for ES256 and RS256, and the secrets that hide who is who."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from flagstone.blocks.identity.contract import Claim, Subject
from flagstone.blocks.identity.model.claims import pairwise_subject, subject_document, subject_from
from flagstone.kernel.ids import PersonCode
from flagstone.platform.crypto.jose import jwk_set_public
from flagstone.platform.crypto.keyring import KeyRing
from flagstone.platform.crypto.keys import KeyKind, PublicKey, SigningKey, ensure_folder, ensure_secret_key
from flagstone.platform.crypto.seal import blind_index, derive, seal, unseal

PERSON = ("identity", "session", "person")
REQUEST = ("identity", "authorize", "request")
SEALED_TEXT_MAX = 12_000


def fresh_secret() -> str:
    """Return 32 random bytes as base64url: a code, a token, a cookie or a client's secret."""
    return secrets.token_urlsafe(32)


def fingerprint(text: str) -> str:
    """Return the hex SHA-256 by which a code or token of 32 random bytes is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


class Vault:
    """The keys of one provider in one folder, made at the first start."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open the keys in `folder`, making what is missing; KeyFileUnusable when one is unsafe."""
        ensure_folder(folder)
        self.rings: Mapping[str, KeyRing] = {
            "RS256": KeyRing(folder / "rs256", KeyKind.RSA_2048),
            "ES256": KeyRing(folder / "es256", KeyKind.EC_P256),
        }
        for ring in self.rings.values():
            ring.ensure(now)
        self._pairwise = ensure_secret_key(folder / "pairwise.key")
        self._sealing = ensure_secret_key(folder / "sealing.key")

    def signing_key(self, algorithm: str, now: datetime) -> SigningKey:
        """Return the key that signs by `algorithm` at `now`."""
        return self.rings[algorithm].current(now)

    def public_keys(self, now: datetime) -> tuple[PublicKey, ...]:
        """Return the keys that verifiers must know at `now`, RSA before EC, the current one first."""
        return tuple(key.public for ring in self.rings.values() for key in ring.published(now))

    def jwks(self, now: datetime) -> dict[str, list[dict[str, object]]]:
        """Return the JWK Set document at `now`."""
        return jwk_set_public(self.public_keys(now))

    def rotate(self, now: datetime, *, publish_before: timedelta, retire_after: timedelta) -> dict[str, str]:
        """Turn every ring once; return the id of each algorithm's next key."""
        return {
            name: ring.rotate(now, publish_before=publish_before, retire_after=retire_after).id
            for name, ring in self.rings.items()
        }

    def person_index(self, person: PersonCode) -> str:
        """Return the keyed digest by which a person's sessions are found without naming her."""
        return blind_index(self._sealing, person, PERSON)

    def pairwise(self, sector: str, person_index: str) -> str:
        """Return the subject that `sector` sees for a person."""
        return pairwise_subject(derive(self._pairwise, "pairwise", b""), sector, person_index)

    def hide_subject(self, subject: Subject, session: str) -> bytes:
        """Return a subject sealed for the row of its session."""
        text = json.dumps(subject_document(subject), ensure_ascii=False)
        return seal(self._sealing, text.encode(), (*PERSON, session))

    def show_subject(self, sealed: bytes, session: str) -> Subject:
        """Return the subject of a session; SealBroken when its row was tampered with."""
        return subject_from(json.loads(unseal((self._sealing,), sealed, (*PERSON, session))))

    def hide_request(self, document: Mapping[str, Claim]) -> str:
        """Return a request sealed as URL-safe text, so that a sign-in page needs no memory of ours."""
        sealed = seal(self._sealing, json.dumps(document).encode(), REQUEST)
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def show_request(self, text: str) -> Mapping[str, Claim]:
        """Return a sealed request; ValueError or SealBroken when it is not ours or was changed."""
        if len(text) > SEALED_TEXT_MAX or not text.isascii():
            raise ValueError("not a sealed request")
        document: Mapping[str, Claim] = json.loads(
            unseal((self._sealing,), urlsafe_b64decode(text + "=" * (-len(text) % 4)), REQUEST)
        )
        return document
