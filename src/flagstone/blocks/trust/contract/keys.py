# SPDX-License-Identifier: EUPL-1.2
"""Keys of a site: made, used, rotated and destroyed on record, in files or in a hardware module."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from flagstone.kernel.audit import Caller


class Purpose(Enum):
    """What a key of the site is for."""

    ISSUING = "issuing"
    STATUS = "ocsp"
    TIMESTAMPING = "tsa"
    AUTHENTICATION = "authentication"
    SIGNING = "signing"


class KeyType(Enum):
    """Kinds of key that are made."""

    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"
    EC_P256 = "ec-p256"
    EC_P384 = "ec-p384"


class KeyState(Enum):
    """PENDING waits for its certificate, RETIRED signs nothing more, DESTROYED is gone for good."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class Key:
    """A key of this site; `place` is `file` or `pkcs11`, `uses` what was counted up to now.

    `uses_lost_max` is how many uses at most could not be counted because a process was killed.
    """

    id: str
    purpose: Purpose
    type: KeyType
    place: str
    state: KeyState
    public_sha256: str
    made_at: datetime
    changed_at: datetime
    uses: int = 0
    uses_lost_max: int = 0
    certificate_sha256: str = ""


class Keys(Protocol):
    """What trust officers do with the keys of the site (NotPermitted)."""

    def keys(self, caller: Caller) -> tuple[Key, ...]:
        """Return every key there was, the newest first."""
        ...

    def make(self, caller: Caller, purpose: Purpose, type_: KeyType) -> Key:
        """Make a key that waits for its certificate; KeyStoreUnusable."""
        ...

    def request_for(self, caller: Caller, key_id: str) -> bytes:
        """Return a PKCS#10 request for the key, PEM; KeyUnknown, KeyGone."""
        ...

    def adopt(self, caller: Caller, certificate: bytes) -> Key:
        """Take the certificate of a pending key, PEM or DER; the key is active from now on.

        Retires the key of the same purpose before it. KeyUnknown when no pending key fits.
        """
        ...

    def destroy(self, caller: Caller, key_id: str, words: str) -> Key:
        """Destroy a retired or pending key for good; KeyUnknown, KeyInUse, KeyGone."""
        ...
